/** Who has a key of the cluster, what each allows, and which allow too much. */
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import {
  holders,
  type KeyringRow,
  type KeyringsPage,
  strengths,
} from "../../../agent/ceph/keyrings/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { Only } from "../../lib/only.tsx";
import { Search } from "../../lib/search.tsx";
import { Nothing } from "../../lib/states.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { Counted } from "../counted.tsx";
import { Facts } from "../facts.tsx";
import { Missing } from "../missing.tsx";
import type { Part, PartProps } from "../part.ts";
import { clearFilters, filterOf, type KeyringsView, pageSizes, readKeyrings } from "./view.ts";
import { holderName, strengthColors, strengthName } from "./words.ts";

const everyMs = 30_000;

function KeyringsTab({ place }: PartProps) {
  const view = useMemo(() => readKeyrings(place), [place]);
  const filter = filterOf(view);
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Keyrings(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(page) =>
        page.known ? (
          <>
            <Missing sentences={page.missing} />
            <Summary page={page} />
            <Keyrings view={view} page={page} stale={query.loading} />
          </>
        ) : (
          <NotRead sentences={page.missing} />
        )
      }
    </Answered>
  );
}

/** Reading who has a key is reading the keys, for Ceph; the operator decides. */
function NotRead({ sentences }: { sentences: readonly string[] }) {
  return (
    <section className="ds-panel" data-keyrings="unread">
      <Nothing title={_("The agent may not read who has a key")} icon={LockIcon}>
        <div className="ds-stack">
          {sentences.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
          <p>
            {_(
              "Ceph tells who has a key only together with the keys, so whoever may ask can become the admin. The helper takes the keys out before the agent sees the answer, but the agent’s own key is as strong as the admin’s then. With volumes of tenants it is so anyway. Add this to what its key has on mon, and restart the agent:",
            )}
          </p>
          <Command text="allow command 'auth ls'" copy={_("Copy the capability")} />
        </div>
      </Nothing>
    </section>
  );
}

function Summary({ page: { counts, flagged } }: { page: KeyringsPage }) {
  return (
    <Counted
      title={_("Keys by what they allow")}
      counts={strengths.map((state) => ({
        ...{ state, count: counts[state], color: strengthColors[state], name: strengthName(state) },
      }))}
      why={
        flagged === 0
          ? _("None allows more than its name lets expect.")
          : ngettext(
              "$0 allows more than its name lets expect.",
              "$0 allow more than their names let expect.",
              flagged,
            )
      }
    />
  );
}

function columnsOf(): Column<KeyringRow>[] {
  return [
    {
      key: "entity",
      title: _("Key"),
      sort: "entity",
      render: ({ entity, flagged }) => (
        <>
          <strong className="ce-code">{entity}</strong>
          {flagged && <div className="ds-trouble">{_("allows more than expected")}</div>}
        </>
      ),
    },
    {
      key: "holder",
      title: _("Whose"),
      render: ({ holder, tenant }) =>
        tenant ? format(_("the tenant $0"), tenant) : holderName(holder),
    },
    {
      key: "strength",
      title: _("What it allows"),
      sort: "strength",
      wrap: true,
      render: ({ strength, findings }) => (
        <>
          <Tag color={strengthColors[strength]}>{strengthName(strength)}</Tag>
          {findings.map((finding) => (
            <div key={finding} className="ds-subtle">
              {finding}
            </div>
          ))}
        </>
      ),
    },
    {
      key: "tenants",
      title: _("Tenants it reaches"),
      sort: "tenantCount",
      end: true,
      render: ({ tenantCount }) => number(tenantCount),
    },
  ];
}

interface KeyringsProps {
  view: KeyringsView;
  page: KeyringsPage;
  stale: boolean;
}

function Keyrings({ view, page, stale }: KeyringsProps) {
  const columns = useMemo(columnsOf, []);
  const { holder } = view;
  return (
    <>
      <div className="ds-toolbar">
        <Search
          label={_("Search in names, tenants and capabilities")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <CheckMenu
          label={holder.length ? _("Whose (filtered)") : _("Whose")}
          entries={holders.map((key) => ({ key, label: holderName(key) }))}
          chosen={holder}
          toggle={(key) =>
            adjust({
              ...{ cursor: [], open: [] },
              holder: holders.filter((one) => (one === key) !== holder.includes(one)),
            })
          }
        />
        <Only
          name="flagged"
          on={view.flagged}
          label={_("Only those that allow more than expected")}
        />
      </div>
      <Listing
        label={_("Keys of the cluster")}
        pagesLabel={_("Pages of keys")}
        noMatch={_("No key matches")}
        clear={clearFilters}
        columns={columns}
        page={page}
        keyOf={({ entity }) => entity}
        view={view}
        sizes={pageSizes}
        stale={stale}
        details={{ name: ({ entity }) => entity, render: (row) => <Detail row={row} /> }}
      />
    </>
  );
}

function Detail({ row: { caps, tenants, tenantCount } }: { row: KeyringRow }) {
  const more = tenantCount - tenants.length;
  return (
    <Facts
      facts={[
        ...caps.map(({ daemon, text, means, grants }) => {
          const hidden = grants - means.length;
          return [
            daemon,
            <div key={daemon}>
              <code>{text}</code>
              <ul>
                {[...new Set(means)].map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
              {hidden > 0 && (
                <p className="ds-subtle">
                  {ngettext("and $0 more grant", "and $0 more grants", hidden)}
                </p>
              )}
            </div>,
          ] as const;
        }),
        [
          _("Tenants it reaches"),
          tenants.length === 0
            ? _("none of those that there are now, but its own")
            : `${tenants.join(", ")} ${more > 0 ? format(_("and $0 more"), number(more)) : ""}`,
        ],
      ]}
    />
  );
}

export const keyrings: Part = {
  key: "keyrings",
  title: () => _("Keys"),
  help: () => ({
    text: _(
      "Each client and daemon has a key, and Ceph keeps what it allows. Keys that let their holder become the admin, or reach data of a tenant that is not theirs, are flagged. Tenants are known by the keys that this agent made for them. The keys themselves never reach the agent.",
    ),
    commands: [commandOf(ceph, "Keyrings", [{}]), "ceph auth ls"],
  }),
  Body: KeyringsTab,
};
