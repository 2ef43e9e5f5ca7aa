/** The events: when, what, by whom; newest first, live, and each with its detail beside it. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type AuditEntry, audit } from "../../agent/audit/contract.ts";
import { useAccess } from "../lib/capabilities.tsx";
import { useColumns } from "../lib/columns.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import type { Place } from "../lib/location.ts";
import { Failure, Loading, Nothing, Stale } from "../lib/states.tsx";
import { Table } from "../lib/table.tsx";
import { eventColumns } from "./columns.tsx";
import { EventPanel } from "./detail.tsx";
import { HistogramChart } from "./histogram.tsx";
import { LiveBar } from "./live.tsx";
import { loadEvents, loadSummary, type Scope, toScope } from "./load.ts";
import { Pager } from "./pager.tsx";
import { ScopePicker } from "./scope.tsx";
import { useTail } from "./tail.ts";
import { Toolbar } from "./toolbar.tsx";
import {
  changePeriod,
  clearFilters,
  isFiltered,
  readView,
  toConditions,
  type View,
} from "./view.ts";

/** Counting goes over many events, so it follows more slowly than the list. */
const countEveryMs = 10_000;
const keyOf = ({ sequence }: AuditEntry) => String(sequence);

/** Waits for what the person may do: the first question already depends on it. */
export function RecordTab({ place }: { place: Place }) {
  const { who, why, error } = useAccess();
  const view = useMemo(() => readView(place), [place]);
  if (!who) return error ? <Failure error={error} /> : <Loading />;
  const notAll = why(audit, "read");
  const scope = toScope(view.scope, notAll === undefined);
  return (
    <div className="ds-stack">
      {notAll && <ScopePicker scope={scope} why={notAll} />}
      <Events place={place} view={view} scope={scope} why={notAll} />
    </div>
  );
}

interface Props {
  place: Place;
  view: View;
  scope: Scope;
  why: string | undefined;
}

function useEvents(view: View, scope: Scope) {
  const question = JSON.stringify({ ...view, scope });
  // A period up to now keeps its begin while the same view is open: it is one reading on record.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question stands for all of it.
  const conditions = useMemo(() => toConditions(view), [question]);
  const { cursor, perPage } = view;
  const list = useQuery(question, () => loadEvents(scope, conditions, { cursor, limit: perPage }));
  const newest = cursor === "" && (view.to === "" || view.span !== "");
  const counted = JSON.stringify([conditions, scope]);
  const summary = useQuery(counted, () => loadSummary(scope, conditions));
  const { fresh, error } = useTail(
    newest && !list.loading ? list.data : undefined,
    (after) => loadEvents(scope, conditions, { after, limit: 1000 }),
    list.refresh,
  );
  const { length } = fresh;
  const { refresh: countAgain } = summary;
  // Begins with the first new event after a count, however many come until then.
  const [covered, setCovered] = useState(0);
  const uncounted = newest && length !== covered;
  const latest = useRef(length);
  latest.current = length;
  useEffect(() => {
    if (!uncounted) return;
    const timer = setTimeout(() => {
      setCovered(latest.current);
      countAgain();
    }, countEveryMs);
    return () => clearTimeout(timer);
  }, [uncounted, countAgain]);
  return { list, summary, newest, fresh, tailError: error };
}

/** What would move under a person who reads waits until it is asked for. */
function useHeld(fresh: readonly AuditEntry[], held: boolean) {
  const [shown, setShown] = useState(0);
  const count = fresh.length;
  useEffect(() => {
    if (!held || count < shown) setShown(count);
  }, [held, count, shown]);
  const show = useCallback(() => setShown(count), [count]);
  const visible = Math.min(shown, count);
  return { rows: fresh.slice(count - visible), waiting: count - visible, show };
}

function Events({ place, view, scope, why }: Props) {
  const { list, summary, newest, fresh, tailError } = useEvents(view, scope);
  const [paused, setPaused] = useState(false);
  const open = place.path[0] === "event" ? Number(place.path[1]) : undefined;
  const [reading, setReading] = useState({ scrolled: false, focused: false });
  const held = paused || open !== undefined || reading.scrolled || reading.focused;
  const { rows: arrived, waiting, show } = useHeld(fresh, held);
  const columns = useMemo(eventColumns, []);
  const shown = useColumns("audit", columns);
  const { data, error } = list;
  const rows = useMemo(() => [...arrived, ...(data?.rows ?? [])], [arrived, data]);
  const size = Math.max(data?.size ?? 0, fresh[0]?.sequence ?? 0);
  return (
    <>
      <Toolbar view={view} summary={summary.data}>
        {shown.menu}
      </Toolbar>
      {summary.error && <Stale error={summary.error} />}
      {summary.data && summary.data.total > 0 && (
        <HistogramChart
          histogram={summary.data.histogram}
          stale={summary.loading}
          narrow={changePeriod}
        />
      )}
      <LiveBar
        newest={newest}
        paused={paused}
        pause={setPaused}
        waiting={waiting}
        show={show}
        summary={summary.data}
        error={tailError}
      />
      {data && <Stale error={error} />}
      <div className={open === undefined ? "" : "au-split"}>
        <div className="ds-stack au-list">
          {data && rows.length > 0 ? (
            // biome-ignore lint/a11y/noStaticElementInteractions: it hears what its rows and links do.
            <div
              onKeyDown={moveBetweenRows}
              onScrollCapture={({ target }) => {
                const scrolled = target instanceof Element && target.scrollTop > 0;
                if (scrolled !== reading.scrolled) setReading({ ...reading, scrolled });
              }}
              onFocus={({ target }) =>
                setReading({ ...reading, focused: target.matches("a[data-event]") })
              }
              onBlur={() => setReading({ ...reading, focused: false })}
            >
              <Table
                label={_("Events")}
                columns={shown.visible}
                rows={rows}
                keyOf={keyOf}
                stale={list.loading}
                current={open === undefined ? "" : String(open)}
              />
            </div>
          ) : error && !data ? (
            <Failure error={error} retry={list.refresh} />
          ) : data ? (
            <NoEvents view={view} scope={scope} more={data.next !== ""} />
          ) : (
            <Loading />
          )}
          {data && <Pager view={view} next={data.next} rows={rows} />}
        </div>
        {open !== undefined && (
          <EventPanel sequence={open} place={place} rows={rows} why={why} size={size} />
        )}
      </div>
    </>
  );
}

/** Arrow keys go from row to row, Enter opens: the links do that themselves. */
function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-event]")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (at === -1 || next === undefined) return;
  event.preventDefault();
  links[Math.max(0, next)]?.focus();
}

function NoEvents({ view, scope, more }: { view: View; scope: Scope; more: boolean }) {
  if (more) {
    return (
      <Nothing title={_("Nothing found so far")} icon={SearchIcon}>
        {_("A search looks at a part of the record at a time. Go on to older events.")}
      </Nothing>
    );
  }
  if (isFiltered(view)) {
    return (
      <Nothing
        title={_("No event matches")}
        icon={SearchIcon}
        actions={
          <Button variant="link" onClick={clearFilters}>
            {_("Clear all filters")}
          </Button>
        }
      >
        {_("Try another period or other words, or take a filter away.")}
      </Nothing>
    );
  }
  return (
    <Nothing title={_("Nothing on record")}>
      {scope.kind === "own"
        ? _("What you do here stands on record before it takes place; it will be listed here.")
        : _("Every act will stand here, before it takes place and again with its outcome.")}
    </Nothing>
  );
}
