/** Events as an agent records them, about 415 bytes each, all different and the same in every run. */
import { encodeEvent } from "../../../agent/audit/event.ts";
import type { AuditEvent } from "../../../agent/audit/types.ts";
import { dice } from "./audit-index.ts";

const actions = ["tenants.Change", "instances.Start", "instances.Stop", "images.Import"] as const;
const begin = Date.parse("2026-01-01T00:00:00.000Z");

export function* auditEvents(count: number): Generator<AuditEvent> {
  const roll = dice(7);
  for (let i = 0; i < count; i++) {
    const who = roll(2_000);
    const tenant = `agency-${String(roll(40)).padStart(2, "0")}`;
    yield {
      action: actions[roll(actions.length)] as string,
      outcome: i % 2 === 0 ? "intent" : "success",
      actor: `person-${String(who).padStart(5, "0")}`,
      uid: 10_000 + who,
      loginuid: 10_000 + who,
      pid: 1_000 + roll(30_000),
      label: "system_u:system_r:cockpit_session_t:s0-s0:c0.c1023",
      tenant,
      object: `instance-${String(roll(50_000)).padStart(5, "0")}`,
      call: roll(2 ** 32)
        .toString(16)
        .padStart(8, "0"),
      details: { tenant, names: [`instance-${roll(500)}`], force: i % 3 === 0, seconds: 30 },
    };
  }
}

/** Payloads of such events, a few milliseconds apart. */
export function auditPayloads(count: number): Buffer[] {
  const payloads: Buffer[] = [];
  for (const event of auditEvents(count)) {
    const time = new Date(begin + payloads.length * 7);
    payloads.push(encodeEvent(event, "node1.gov.example", time).payload);
  }
  return payloads;
}
