/** One event beside the list: what it says, what proves it, and what happened around it. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import CloseIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type AuditEntry, audit } from "../../agent/audit/contract.ts";
import { client } from "../lib/client.ts";
import { outcomeColors, outcomeName } from "../lib/entries.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import type { Place } from "../lib/location.ts";
import { Failure, Loading, Nothing } from "../lib/states.tsx";
import { Tag } from "../lib/tag.tsx";
import { Facts, sentence } from "./facts.tsx";
import { ProofSection, ProofTag, useProof } from "./proof.tsx";
import { closeEvent, eventAddress, openEvent } from "./view.ts";

interface Props {
  sequence: number;
  place: Place;
  /** The rows of the list, newest first: what is there need not be asked for. */
  rows: readonly AuditEntry[];
  /** Why the proof is not for this person; undefined when it is. */
  why: string | undefined;
  /** Number of the newest event. */
  size: number;
}

export function EventPanel({ sequence, place, rows, why, size }: Props) {
  const panel = useRef<HTMLElement>(null);
  const [come, setCome] = useState(false);
  // Once more when the event is there: until then the page above it may still have grown.
  // biome-ignore lint/correctness/useExhaustiveDependencies: coming is what it waits for.
  useEffect(() => {
    panel.current?.scrollIntoView({ block: "start" });
  }, [come]);
  useEffect(() => {
    panel.current?.querySelector("h2")?.focus({ preventScroll: true });
  }, []);
  const at = rows.findIndex((row) => row.sequence === sequence);
  // Who may see all steps through all; who sees a part of it steps through the list.
  const older = why ? rows[at + 1]?.sequence : sequence - 1;
  const newer = why ? rows[at - 1]?.sequence : sequence + 1;
  const close = () => {
    closeEvent(place);
    document.querySelector<HTMLElement>(`[data-event="${sequence}"]`)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  const step = (to: number | undefined, label: string, Icon: typeof LeftIcon) => (
    <Button
      variant="plain"
      icon={<Icon className="pf-v6-m-mirror-inline-rtl" />}
      aria-label={label}
      isDisabled={to === undefined || to < 1 || to > size || (why !== undefined && at === -1)}
      onClick={() => to && openEvent(to, place)}
    />
  );
  return (
    <aside
      ref={panel}
      className="ds-panel ds-stack au-event"
      aria-labelledby="au-event-title"
      onKeyDown={press}
    >
      <div className="ds-job-head">
        <h2 id="au-event-title" className="pf-v6-c-title pf-m-md" tabIndex={-1}>
          {format(_("Event $0"), number(sequence))}
        </h2>
        <span className="ds-grow" />
        {step(older, _("The event before"), LeftIcon)}
        {step(newer, _("The event after"), RightIcon)}
        <Button
          variant="plain"
          icon={<CloseIcon />}
          aria-label={_("Close the event")}
          onClick={close}
        />
      </div>
      {why ? (
        <FromList entry={rows[at]} why={why} />
      ) : (
        <Proved key={sequence} sequence={sequence} come={() => setCome(true)} />
      )}
    </aside>
  );
}

/** Who may not read everything sees what the list has, and reads why there is no proof. */
function FromList({ entry, why }: { entry: AuditEntry | undefined; why: string }) {
  if (!entry) {
    return (
      <Nothing title={_("This event is not in the list")}>
        {_("It may be older than what is shown, or not concern what you may see.")} {why}
      </Nothing>
    );
  }
  return (
    <>
      <p>{sentence(entry)}</p>
      <Facts entry={entry} />
      <p className="ds-subtle">
        {_("Its proof and the events around it are for auditors.")} {why}
      </p>
    </>
  );
}

function Proved({ sequence, come }: { sequence: number; come: () => void }) {
  const query = useQuery(String(sequence), () => client(audit).Show(String(sequence)));
  const { data, error } = query;
  const proof = useProof(data);
  const told = useRef(come);
  useEffect(() => {
    if (data) told.current();
  }, [data]);
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <>
      <p>
        {sentence(data.entry)} <ProofTag proof={proof} />
      </p>
      <Facts entry={data.entry} />
      <ProofSection shown={data} proof={proof} again={query.refresh} />
      <Neighbours sequence={sequence} rows={data.neighbours} />
    </>
  );
}

function Neighbours({ sequence, rows }: { sequence: number; rows: readonly AuditEntry[] }) {
  return (
    <section aria-labelledby="au-around-title">
      <h3 id="au-around-title" className="pf-v6-c-title pf-m-md">
        {_("What happened around it")}
      </h3>
      <ol className="au-around">
        {[...rows]
          .sort((one, other) => other.sequence - one.sequence)
          .map((row) => (
            <li key={row.sequence} className={row.sequence > sequence ? "au-after" : "au-before"}>
              <a href={eventAddress(row.sequence)}>{dateTime(row.time)}</a> {row.actor}{" "}
              <code>{row.action}</code>{" "}
              <Tag color={outcomeColors[row.outcome]}>{outcomeName(row.outcome)}</Tag>
            </li>
          ))}
      </ol>
    </section>
  );
}
