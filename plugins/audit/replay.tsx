/** What held at an instant, reconstructed from the record alone, and who changed what. */
import { useEffect, useMemo, useState } from "react";
import { audit } from "../../agent/audit/contract.ts";
import type { Change } from "../../agent/audit/replay/answers.ts";
import { useAccess } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format } from "../lib/i18n.ts";
import { adjust, first, type Place } from "../lib/location.ts";
import { Failure, Loading, Nothing, Stale } from "../lib/states.tsx";
import { Changes } from "./changes.tsx";
import { Objects } from "./objects.tsx";
import { Slider } from "./slider.tsx";
import { type Span, spans, toTime } from "./view.ts";

/** More changes than this in one period are not drawn; a shorter period shows them. */
const mostChanges = 1000;
/** The slider asks when it has rested this long, in milliseconds: each question is on record. */
const restMs = 300;

interface Found {
  rows: Change[];
  complete: boolean;
}

/** @returns newest first */
async function loadChanges(from: string, to: string): Promise<Found> {
  const rows: Change[] = [];
  let cursor = "";
  do {
    const page = await client(audit).Changes({ from, to, cursor, limit: 200 });
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== "" && rows.length < mostChanges);
  return { rows, complete: cursor === "" };
}

export function ReplayTab({ place }: { place: Place }) {
  const { who, why, error } = useAccess();
  if (!who) return error ? <Failure error={error} /> : <Loading />;
  const denied = why(audit, "read");
  if (denied) {
    return <Nothing title={_("Only auditors replay the record")}>{denied}</Nothing>;
  }
  return <Replay place={place} />;
}

/** The instant in the address, and the one under the slider while it still moves. */
function useInstant(place: Place, end: number) {
  const said = toTime(first(place, "at"));
  const known = said ? Date.parse(said) : end;
  const [at, setAt] = useState(known);
  useEffect(() => setAt(known), [known]);
  useEffect(() => {
    if (at === known) return;
    const timer = setTimeout(() => adjust({ at: [new Date(at).toISOString()] }), restMs);
    return () => clearTimeout(timer);
  }, [at, known]);
  return { at, setAt, known };
}

function Replay({ place }: { place: Place }) {
  const chosen = first(place, "span");
  const span: Span = Object.hasOwn(spans, chosen) ? (chosen as Span) : "day";
  // The period stands still while the view is open: the slider must not slip under the hand.
  const end = useMemo(() => Date.now(), []);
  const begin = end - spans[span];
  const { at, setAt, known } = useInstant(place, end);
  const instant = new Date(known).toISOString();
  const [from, to] = [new Date(begin).toISOString(), new Date(end).toISOString()];
  const changes = useQuery(`${from} ${to}`, () => loadChanges(from, to));
  const state = useQuery(instant, () => client(audit).Replay(instant));
  const rows = changes.data?.rows ?? [];
  const current = rows.find(({ entry }) => Date.parse(entry.time) <= at);
  return (
    <div className="ds-stack">
      <p>
        {_(
          "Move to an instant: below stands what held then, reconstructed from the record alone, and beside it who did what, and what it changed.",
        )}
      </p>
      <Slider
        begin={begin}
        end={end}
        at={at}
        move={setAt}
        span={span}
        changes={rows.map(({ entry }) => Date.parse(entry.time))}
      />
      {changes.data && !changes.data.complete && (
        <p className="ds-subtle">
          {_(
            "Only the newest changes of this period are shown; choose a shorter one for the others.",
          )}
        </p>
      )}
      <Stale error={state.data && state.error} />
      <div className="au-replay">
        <section className="ds-panel ds-stack" aria-labelledby="au-state-title">
          <h2 id="au-state-title" className="pf-v6-c-title pf-m-md">
            {format(_("What held on $0"), dateTime(instant))}
          </h2>
          {state.data ? (
            <Objects
              replay={state.data}
              stale={state.loading || at !== known}
              changed={current?.entry.sequence}
            />
          ) : state.error ? (
            <Failure error={state.error} retry={state.refresh} />
          ) : (
            <Loading rows={4} />
          )}
          <Command text={commandOf(audit, "Replay", [instant])} />
        </section>
        <section className="ds-panel ds-stack" aria-labelledby="au-changes-title">
          <h2 id="au-changes-title" className="pf-v6-c-title pf-m-md">
            {_("Who did what, and what it changed")}
          </h2>
          {changes.data ? (
            <Changes
              rows={rows}
              current={current?.entry.sequence}
              choose={({ entry }) => setAt(Date.parse(entry.time))}
            />
          ) : changes.error ? (
            <Failure error={changes.error} retry={changes.refresh} />
          ) : (
            <Loading rows={4} />
          )}
        </section>
      </div>
    </div>
  );
}
