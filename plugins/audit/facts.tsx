/** All members of one event in words; what tells about a person is marked. */
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { personalMembers } from "../../agent/audit/entry.ts";
import { outcomeColors, outcomeName } from "../lib/entries.tsx";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { narrowedAddress, type TextFilter } from "./view.ts";
import { sourceName } from "./words.ts";

type Member = keyof AuditEntry;

function memberName(member: Member): string {
  const names: Record<Member, string> = {
    sequence: _("Number"),
    time: _("When"),
    node: _("Node"),
    source: _("Noticed by"),
    action: _("What"),
    outcome: _("Outcome"),
    actor: _("Who"),
    uid: _("User id"),
    loginuid: _("User id at login"),
    address: _("Network address"),
    pid: _("Process"),
    label: _("Security label"),
    tenant: _("Tenant"),
    object: _("Object"),
    flow: _("Data flow"),
    call: _("Call"),
    details: _("Details"),
    error: _("Why not"),
  };
  return names[member];
}

/** In the order in which a person asks. */
const order: readonly Member[] = [
  "time",
  "actor",
  "action",
  "tenant",
  "object",
  "outcome",
  "error",
  "details",
  "flow",
  "source",
  "node",
  "uid",
  "loginuid",
  "address",
  "pid",
  "label",
  "call",
  "sequence",
];

/** What the list can be narrowed to; a call has no filter of its own, but its id is like no other text. */
const narrowing: Partial<Record<Member, TextFilter>> = {
  actor: "actor",
  action: "action",
  tenant: "tenant",
  object: "object",
  flow: "flow",
  call: "text",
};

function Narrow({ entry, member }: { entry: AuditEntry; member: Member }) {
  const filter = narrowing[member];
  if (!filter) return null;
  return (
    <>
      {" "}
      <a className="ds-subtle" href={narrowedAddress(filter, String(entry[member]))}>
        {_("list only these")}
        <span className="pf-v6-screen-reader">
          {format(_(": $0 $1"), memberName(member), String(entry[member]))}
        </span>
      </a>
    </>
  );
}

function Value({ entry, member }: { entry: AuditEntry; member: Member }) {
  switch (member) {
    case "time":
      return (
        <>
          {dateTime(entry.time)}
          <div className="ds-subtle">
            <code>{entry.time}</code>
          </div>
        </>
      );
    case "outcome":
      return <Tag color={outcomeColors[entry.outcome]}>{outcomeName(entry.outcome)}</Tag>;
    case "source":
      return sourceName(entry.source);
    case "loginuid":
      return entry.loginuid === -1 ? _("none: it did not begin with a login") : entry.loginuid;
    case "pid":
      return entry.pid === 0 ? _("not known") : entry.pid;
    case "details":
      return <Details details={entry.details ?? {}} />;
    case "sequence":
      return number(entry.sequence);
    case "action":
    case "label":
    case "call":
      return <code>{entry[member]}</code>;
    default:
      return <bdi>{String(entry[member])}</bdi>;
  }
}

export function Details({ details }: { details: Record<string, unknown> }) {
  return (
    <dl className="au-details">
      {Object.entries(details).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Facts({ entry }: { entry: AuditEntry }) {
  const members = order.filter((member) => entry[member] !== undefined && entry[member] !== "");
  return (
    <dl className="ds-facts au-facts">
      {members.map((member) => (
        <div key={member} className="au-fact" data-member={member}>
          <dt>
            {memberName(member)}
            {personalMembers.includes(member) && (
              <>
                {" "}
                <Tag color="purple">{_("personal")}</Tag>
              </>
            )}
          </dt>
          <dd>
            <Value entry={entry} member={member} />
            <Narrow entry={entry} member={member} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The event in one sentence, for example “anna: tenants.Create of mod-defense, done”. */
export function sentence(entry: AuditEntry): string {
  const about = [...new Set([entry.object, entry.tenant])].filter(Boolean).join(", ");
  const outcome = outcomeName(entry.outcome);
  if (!about) return format(_("$0: $1, $2"), entry.actor, entry.action, outcome);
  return format(_("$0: $1 of $2, $3"), entry.actor, entry.action, about, outcome);
}

/** For example “image: debian-13 · count: 2”. */
export function inShort(details: Record<string, unknown>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
}
