/** Keys of all tenants or of one: a list, and each in full at an address of its own. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { useMemo } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import type { KeyPage, KeyRow } from "../../../agent/hsm/keys/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { useColumns } from "../../lib/columns.tsx";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, ngettext } from "../../lib/i18n.ts";
import { showLate } from "../../lib/late.ts";
import { LatePart } from "../../lib/late-part.tsx";
import { sortedBy } from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import { ButtonMenu } from "../../lib/menu.tsx";
import { useSelection } from "../../lib/preferences.ts";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Failure, Loading, NoMatch, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { NoDriver } from "../drivers/none.tsx";
import type { Part, PartProps } from "../part.ts";
import { partAddress } from "../part.ts";
import { bulkMenu, keyMenu } from "./acts.tsx";
import { useAwayTokens } from "./away.ts";
import { keyColumns } from "./columns.tsx";
import { Toolbar } from "./toolbar.tsx";
import {
  clearFilters,
  filterOf,
  isFiltered,
  type KeyView,
  pageSizes,
  readKeyView,
} from "./view.ts";

const keyPart = { load: async () => (await import("./key.tsx")).KeyPart };
const everyMs = 30_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);
const keyOf = ({ tenant, name }: KeyRow) => `${tenant}/${name}`;

function KeysTab(props: PartProps) {
  const [, tenant, key] = props.place.path;
  if (tenant && key) {
    return <LatePart key={`${tenant}/${key}`} source={keyPart} props={{ tenant, name: key }} />;
  }
  return <KeyList {...props} />;
}

function KeyList({ place, drivers }: PartProps) {
  const view = useMemo(() => readKeyView(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(hsm).Keys(filter), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  if (drivers.rows.length === 0 && data.total === 0) {
    return <NoDriver directory={drivers.directory} />;
  }
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <Missing sentences={data.missing} />
      <Found view={view} page={data} drivers={drivers.rows} stale={query.loading} />
    </div>
  );
}

/** A key that cannot be read is not gone: without this the list would say that it is. */
function Missing({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <div className="hsm-trouble" role="alert" data-missing={sentences.length}>
      <p className="hsm-weak">
        {ngettext(
          "Keys of $0 token are not in this list, since it could not be read. They are not taken for gone.",
          "Keys of $0 tokens are not in this list, since they could not be read. They are not taken for gone.",
          sentences.length,
        )}{" "}
        <a href={`${partAddress("tokens")}?troubled=yes`}>
          {_("Tokens with which something is wrong")}
        </a>
      </p>
      <ul className="hsm-names">
        {sentences.slice(0, 5).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}

interface FoundProps {
  view: KeyView;
  page: KeyPage;
  drivers: readonly DriverRow[];
  stale: boolean;
}

function Found({ view, page, drivers, stale }: FoundProps) {
  const access = useAccess();
  const away = useAwayTokens();
  const columns = useMemo(() => keyColumns(away), [away]);
  const shown = useColumns("keys", columns);
  const { openMenu, menu } = useRowMenu((row: KeyRow) => keyMenu(row, access));
  const selection = useSelection();
  const chosen = page.rows.filter((row) => selection.chosen.has(keyOf(row)));
  const create = (
    <ActionButton
      why={access.why(hsm, "keys")}
      onClick={() => {
        void showLate(async () => {
          const { CreateKeyDialog } = await import("./create.tsx");
          return <CreateKeyDialog tenant={view.tenant} drivers={drivers} />;
        });
      }}
    >
      {_("Make a key")}
    </ActionButton>
  );
  if (page.total === 0 && !isFiltered(view) && page.missing.length === 0) {
    return (
      <section className="ds-panel">
        <Nothing title={_("No key yet")} icon={KeyIcon} actions={create}>
          {_(
            "A key signs or encrypts for a tenant, and never leaves its token. Give the tenant a token first, then make a key in it.",
          )}
        </Nothing>
      </section>
    );
  }
  return (
    <>
      <Toolbar view={view}>
        {chosen.length > 0 && (
          <ButtonMenu
            label={ngettext("$0 chosen", "$0 chosen", chosen.length)}
            entries={bulkMenu(chosen, access)}
          />
        )}
        {create}
      </Toolbar>
      {page.rows.length === 0 ? (
        <NoMatch
          title={
            page.missing.length > 0 ? _("No key that can be read matches") : _("No key matches")
          }
          clear={clearFilters}
        />
      ) : (
        <Table
          label={_("Keys")}
          columns={shown.visible}
          rows={page.rows}
          keyOf={keyOf}
          stale={stale}
          selection={selection}
          openMenu={openMenu}
          sorting={sortedBy(view.sort, view.descending)}
        />
      )}
      <ListPages
        label={_("Pages of keys")}
        view={view}
        shown={page.rows.length}
        total={page.total}
        next={page.next}
        sizes={pageSizes}
        columns={shown.menu}
      />
      {menu}
    </>
  );
}

export const keys: Part = {
  key: "keys",
  title: () => _("Keys"),
  help: () => ({
    text: _(
      "A key has a state, as NIST SP 800-57 names them, and versions: the newest one signs and encrypts, older ones only verify and decrypt what they protected. Every change is on record.",
    ),
    commands: [
      commandOf(hsm, "Keys", [{}]),
      commandOf(hsm, "Key", ["TENANT", "KEY"]),
      "dsecos hsm create-key --help",
    ],
  }),
  Body: KeysTab,
};
