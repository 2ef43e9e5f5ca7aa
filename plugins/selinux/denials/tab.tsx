/** What SELinux refused since the agent started: those that are alike as one, newest first. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import { useMemo, useState } from "react";
import { selinux } from "../../../agent/selinux/contract.ts";
import type { DenialPage } from "../../../agent/selinux/denials/answers.ts";
import { client, listen } from "../../lib/client.ts";
import { CursorPages } from "../../lib/cursor-pages.tsx";
import { useNow, useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, relativeTime } from "../../lib/i18n.ts";
import { LatePart } from "../../lib/late-part.tsx";
import {
  changeCursor,
  changePerPage,
  changeText,
  type ListView,
  readList,
  toggle,
} from "../../lib/list.ts";
import type { Place } from "../../lib/location.ts";
import { MayNot } from "../../lib/may-not.tsx";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { denialColumns } from "./columns.tsx";
import { Heard } from "./heard.tsx";
import type { Denial } from "./words.ts";

const denialDetail = { load: async () => (await import("./detail.tsx")).DenialDetail };
/** Nothing tells of single denials: a broken program makes thousands. */
const everyMs = 10_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);
/** The agent explains at most a hundred at once. */
const pageSizes = [20, 50, 100];
const keyOf = ({ key }: Denial) => key;

interface Props {
  place: Place;
  /** No policy is loaded: nothing is refused. */
  inactive: boolean;
}

export function DenialsTab(props: Props) {
  return (
    <MayNot
      contract={selinux}
      action="denials"
      means={_("A denial tells what people and tenants tried.")}
    >
      <Denials {...props} />
    </MayNot>
  );
}

function Denials({ place, inactive }: Props) {
  const view = useMemo(() => readList(place, pageSizes), [place]);
  const [paused, setPaused] = useState(false);
  const { text, cursor, perPage } = view;
  const query = useQuery(
    JSON.stringify([text, cursor, perPage]),
    () => client(selinux).Denials({ ...textOf(view), cursor, limit: perPage }),
    paused ? {} : { every: everyMs, changes },
  );
  const { data, error } = query;
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <Search
          label={_("Search in types, classes, permissions and paths")}
          text={text}
          maximum={200}
          change={changeText}
        />
        <Tag color={paused ? "grey" : "blue"}>{paused ? _("paused") : _("live")}</Tag>
        <Button variant="link" size="sm" isInline onClick={() => setPaused(!paused)}>
          {paused ? _("Go on following") : _("Pause")}
        </Button>
        <span className="ds-grow" />
        {data && <Since page={data} />}
      </div>
      {data && <Stale error={error} />}
      <Heard quiet={inactive} />
      {data ? (
        <Found view={view} page={data} stale={query.loading} inactive={inactive} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

/** An empty text would ask for what has no text. */
function textOf({ text }: ListView): { text?: string } {
  return text.trim() === "" ? {} : { text: text.trim() };
}

function Since({ page: { since, dropped, unreadable } }: { page: DenialPage }) {
  const now = useNow();
  return (
    <span className="ds-subtle">
      {format(_("Counted since the agent started, $0."), relativeTime(since, now))}{" "}
      {dropped.groups > 0 &&
        ngettext(
          "$0 older kind had to go for newer ones.",
          "$0 older kinds had to go for newer ones.",
          dropped.groups,
        )}{" "}
      {unreadable > 0 && (
        <span className="ds-bad">
          {ngettext("$0 record cannot be read.", "$0 records cannot be read.", unreadable)}
        </span>
      )}
    </span>
  );
}

interface FoundProps {
  view: ListView;
  page: DenialPage;
  stale: boolean;
  inactive: boolean;
}

function Found({ view, page, stale, inactive }: FoundProps) {
  const now = useNow(5000);
  const columns = useMemo(() => denialColumns(now), [now]);
  const { rows } = page;
  if (rows.length === 0) return <NoDenial view={view} page={page} inactive={inactive} />;
  return (
    <>
      <Alarms rows={rows} />
      <Table
        label={_("Denials")}
        columns={columns}
        rows={rows}
        keyOf={keyOf}
        stale={stale}
        details={{
          open: view.open,
          toggle: (key) => toggle(view, key),
          name: ({ sourceType, targetType, class: of }) =>
            format(_("$0 about $1 of $2"), sourceType, of, targetType),
          render: (denial) => <LatePart source={denialDetail} props={{ denial }} />,
        }}
      />
      <CursorPages
        label={_("Pages of denials")}
        text={ngettext("$0 kind on this page", "$0 kinds on this page", rows.length)}
        newer={_("Newer denials")}
        older={_("Older denials")}
        cursor={view.cursor}
        next={page.next}
        perPage={view.perPage}
        sizes={pageSizes}
        change={changeCursor}
        changePerPage={changePerPage}
      />
    </>
  );
}

function Alarms({ rows }: { rows: readonly Denial[] }) {
  const alarms = rows.filter(({ explanation }) => explanation?.alarm);
  if (alarms.length === 0) return null;
  const times = alarms.reduce((sum, { count }) => sum + count, 0);
  return (
    <p className="se-kind" role="status" data-alarms={alarms.length}>
      <strong>
        {ngettext(
          "$0 of these is an alarm: somebody tried what must never work.",
          "$0 of these are alarms: somebody tried what must never work.",
          alarms.length,
        )}
      </strong>{" "}
      {ngettext("It was tried $0 time.", "It was tried $0 times.", times)}
    </p>
  );
}

/** Nothing refused is no proof of anything, and says nothing at all where nothing is enforced. */
function NoDenial({ view, page, inactive }: Pick<FoundProps, "view" | "page" | "inactive">) {
  const now = useNow();
  if (view.text !== "" || view.cursor !== "") {
    return (
      <Nothing
        title={_("No denial matches")}
        icon={SearchIcon}
        actions={
          <Button variant="link" onClick={() => changeText("")}>
            {_("Show all")}
          </Button>
        }
      >
        {_("Search for a part of a type, a class, a permission or a path.")}
      </Nothing>
    );
  }
  if (inactive) {
    return (
      <section className="ds-panel" data-empty="unknown">
        <Nothing title={_("Nothing can be refused here")}>
          <Tag color="grey">{_("unknown")}</Tag>{" "}
          {_(
            "SELinux is not active on this node, so nobody is held back and nothing is written down. That this list is empty says nothing about what was tried.",
          )}
        </Nothing>
      </section>
    );
  }
  return (
    <section className="ds-panel" data-empty="none">
      <Nothing title={_("Nothing was refused")}>
        {format(
          _(
            "Since the agent started, $0, no denial came from the kernel’s audit. It is no proof that tenants are apart: that is the verdict on the overview.",
          ),
          relativeTime(page.since, now),
        )}
      </Nothing>
    </section>
  );
}
