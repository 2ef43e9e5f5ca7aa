/** Every policy that was built, and what can be done with it. */
import { useMemo } from "react";
import type { SelinuxStatus } from "../../../agent/selinux/answers.ts";
import { selinux } from "../../../agent/selinux/contract.ts";
import type { BuiltPolicy, Origin } from "../../../agent/selinux/loads/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { askAtOnce } from "../../lib/ask.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { CursorPages } from "../../lib/cursor-pages.tsx";
import { showDialog } from "../../lib/dialog.tsx";
import { useNow, useQuery } from "../../lib/hooks.ts";
import { _, format, number, relativeTime } from "../../lib/i18n.ts";
import { useJobs } from "../../lib/jobs.ts";
import { changeCursor, changePerPage, readList, toggle } from "../../lib/list.ts";
import { go, type Place } from "../../lib/location.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { Compare } from "./compare.tsx";
import { PolicyDetail } from "./detail.tsx";
import { LoadDialog } from "./load.tsx";
import { eventName, originWords, short, stateColors, stateName } from "./words.ts";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);
const pageSizes = [20, 50, 100];

interface Props {
  place: Place;
  /** Where the loaded policy comes from. */
  loaded: SelinuxStatus["loaded"];
  /** SELinux is off. */
  inactive: boolean;
}

export function PoliciesTab(props: Props) {
  return props.place.path[1] === "compare" ? (
    <Compare place={props.place} />
  ) : (
    <History {...props} />
  );
}

function History({ place, loaded, inactive }: Props) {
  const view = useMemo(() => readList(place, pageSizes), [place]);
  const { cursor, perPage } = view;
  const ended = useJobs().records.filter(
    ({ kind, state }) => kind.startsWith("selinux.") && state !== "running",
  ).length;
  const query = useQuery(
    JSON.stringify([cursor, perPage, ended]),
    () => client(selinux).Policies({ cursor, limit: perPage }),
    { every: everyMs, changes },
  );
  const { data, error } = query;
  const now = useNow(30_000);
  const columns = useMemo(() => policyColumns(now), [now]);
  const entries = useEntries(inactive);
  const { openMenu, menu } = useRowMenu((row: BuiltPolicy) =>
    entries(row, builtBefore(data?.rows ?? [], row)),
  );
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  if (data.total === 0) {
    return (
      <section className="ds-panel">
        <Stale error={error} />
        <Nothing title={_("No policy was built yet")} actions={<Build />}>
          {_(
            "A policy is built from the tenants that there are, with spare slots for new ones, and kept only if both proofs hold. Building loads nothing.",
          )}
        </Nothing>
      </section>
    );
  }
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <div className="ds-toolbar">
        {loaded && <Loaded origin={loaded.origin} />}
        <span className="ds-grow" />
        <Build />
      </div>
      <Table
        label={_("Policies")}
        columns={columns}
        rows={data.rows}
        keyOf={({ policy }) => policy}
        stale={query.loading}
        details={{
          open: view.open,
          toggle: (key) => toggle(view, key),
          name: ({ policy }) => short(policy),
          render: (built) => <PolicyDetail built={built} />,
        }}
        openMenu={openMenu}
      />
      <CursorPages
        label={_("Pages of policies")}
        text={format(_("$0 of $1"), number(data.rows.length), number(data.total))}
        newer={_("Newer policies")}
        older={_("Older policies")}
        cursor={cursor}
        next={data.next}
        perPage={perPage}
        sizes={pageSizes}
        change={changeCursor}
        changePerPage={changePerPage}
      />
      {menu}
    </div>
  );
}

function Loaded({ origin }: Pick<Origin, "origin">) {
  const { color, name, means } = originWords(origin);
  return (
    <p data-origin={origin}>
      <Tag color={color}>{name}</Tag> {means}
    </p>
  );
}

function Build() {
  const { why } = useAccess();
  const running = useJobs().records.some(
    ({ kind, state }) => kind === "selinux.Build" && state === "running",
  );
  return (
    <ActionButton
      why={why(selinux, "build") ?? (running ? _("A policy is being built.") : undefined)}
      onClick={() => askAtOnce(_("The policy could not be built"), () => client(selinux).Build())}
    >
      {_("Build a policy")}
    </ActionButton>
  );
}

function compare(before: string, after: string): void {
  go(["policies", "compare"], { before: [before], after: [after] });
}

/** @returns the newest of those that were built before it and are still there */
export function builtBefore(
  rows: readonly BuiltPolicy[],
  row: BuiltPolicy,
): BuiltPolicy | undefined {
  const at = rows.findIndex(({ policy }) => policy === row.policy);
  return rows.slice(at + 1).find(({ state }) => state !== "removed");
}

type Entries = (row: BuiltPolicy, before: BuiltPolicy | undefined) => MenuEntry[];

function useEntries(inactive: boolean): Entries {
  const { why } = useAccess();
  return ({ policy, state, problem }, before) => {
    const gone = state === "removed" ? _("Only its record is left.") : undefined;
    const there = state === "loaded" || state === "pending" ? _("It is loaded.") : undefined;
    return [
      {
        key: "load",
        label: inactive ? _("Install for the next start") : _("Load"),
        why: why(selinux, "load") ?? there ?? gone ?? (problem || undefined),
        run: () => showDialog(<LoadDialog policy={policy} inactive={inactive} />),
      },
      {
        key: "compare",
        label: _("Compare with the loaded one"),
        why: gone ?? there ?? (inactive ? _("No policy is loaded.") : undefined),
        run: () => compare("loaded", policy),
      },
      {
        key: "before",
        label: _("Compare with the one before"),
        why: gone ?? (before ? undefined : _("None that was built before it is still there.")),
        run: () => before && compare(before.policy, policy),
      },
    ];
  };
}

function policyColumns(now: number): Column<BuiltPolicy>[] {
  return [
    {
      key: "policy",
      title: _("Policy"),
      render: ({ policy }) => <code title={policy}>{short(policy)}</code>,
    },
    {
      key: "state",
      title: _("State"),
      render: ({ state, problem }) => (
        <>
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          {problem && <div className="ds-trouble">{_("cannot be loaded")}</div>}
        </>
      ),
    },
    {
      key: "slots",
      title: _("Slots"),
      end: true,
      render: ({ statement }) => (statement ? number(statement.slots.count) : ""),
    },
    {
      key: "last",
      title: _("What became of it"),
      wrap: true,
      render: ({ events: [last] }) =>
        last &&
        format(_("$0 $1 by $2"), eventName(last.event), relativeTime(last.at, now), last.actor),
    },
  ];
}
