/**
 * Certificates over a real driver with SoftHSM, without the bus: declarations of tokens, tenants'
 * rules and the audit log are in memory.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AuditFilter } from "../../agent/audit/filter.ts";
import type { Call } from "../../agent/bus/call.ts";
import { type Core, createCore } from "../../agent/hsm/core.ts";
import type { Token } from "../../agent/hsm/parts.ts";
import { type CertificateAnswers, createCertificates } from "../../agent/hsm/pki/service.ts";
import type { Declarations, DeclaredToken } from "../../agent/hsm/tokens/declared.ts";
import { labelOf } from "../../agent/hsm/tokens/label.ts";
import { Meter } from "../../agent/hsm/use/meter.ts";
import { createHsmBed, type HsmBed } from "./hsm-driver.ts";
import { RecordingAudit } from "./recording-audit.ts";

/** A fake of Incus's projects: which tokens were declared, in memory. */
class FakeDeclarations implements Declarations {
  readonly book = new Map<string, readonly DeclaredToken[]>();

  async all() {
    return this.book;
  }

  async change(
    tenant: string,
    change: (tokens: readonly DeclaredToken[]) => readonly DeclaredToken[],
  ): Promise<void> {
    this.book.set(tenant, change(this.book.get(tenant) ?? []));
  }

  stale(): void {}
}

export interface PkiBed {
  readonly hsm: HsmBed;
  readonly core: Core;
  readonly audit: RecordingAudit;
  readonly directory: string;
  /** Tenants for whom it was asked whether a key may begin to live in their token. */
  readonly lived: string[];
  /**
   * Milliseconds by which the clock is ahead, negative behind; and how long the audit log keeps what
   * is on record, from the next `again` on.
   */
  clock: { ahead: number; retentionDays: number };
  answers: CertificateAnswers;
  /** As an agent that starts again: nothing in memory, the same files, token and record. */
  again(): void;
  token(tenant: string): Promise<Token>;
  /** Calls a member as the pipeline does: on record before it, with what it notes behind it. */
  call<T>(
    member: string,
    work: (call: Call) => Promise<T>,
    about?: { tenant: string; object?: string },
  ): Promise<T>;
  remove(): Promise<void>;
}

export async function createPkiBed(): Promise<PkiBed> {
  const hsm = await createHsmBed();
  const files = join(hsm.directory, "drivers");
  const directory = join(hsm.directory, "pki");
  mkdirSync(files);
  copyFileSync(hsm.configFile, join(files, "test.json"));
  const audit = new RecordingAudit();
  const log = () => {};
  const declarations = new FakeDeclarations();
  const clock = { ahead: 0, retentionDays: 400 };
  const core = createCore({
    ...{ log, directory: files, sockets: hsm.directory, client: declarations },
    ...{ node: "node1", region: "UK", changed: () => {} },
    open: () => hsm.driver,
  });
  await core.drivers.load();
  const history = async ({ action = "" }: AuditFilter) => {
    if (audit.failure !== undefined) throw audit.failure;
    return {
      rows: audit.entries.filter((entry) => entry.action.startsWith(action)).toReversed(),
      next: "",
    };
  };
  const make = () =>
    createCertificates({
      ...{ directory, region: "UK", node: "node1", audit, history, log },
      retentionDays: clock.retentionDays,
      ...{ tokens: core.book, records: core.records, keys: core.store, maker: core.maker },
      jurisdiction: { require: async () => ({ allowed: true, rule: "test", sentence: "" }) },
      mayLive: async (tenant) => {
        bed.lived.push(tenant);
        return "test";
      },
      meter: new Meter({ audit, keys: core.store, log }),
      changed: () => {},
      now: () => Date.now() + clock.ahead,
    });
  const bed: PkiBed = {
    ...{ hsm, core, audit, directory, clock, lived: [] },
    answers: make(),
    again() {
      bed.answers = make();
    },
    async token(tenant) {
      const [opened] = core.drivers.all();
      if (opened === undefined) throw new Error("no driver");
      return core.book.make(tenant, labelOf(tenant), opened, "test");
    },
    async call(member, work, about = { tenant: "acme" }) {
      const facts: Record<string, unknown> = {};
      const call = fakeCall(member, (more) => Object.assign(facts, more));
      const event = { action: `hsm.${member}`, actor: "jane", uid: 1000, call: call.id };
      await audit.append({ ...event, ...about, outcome: "intent" });
      const result = await work(call);
      await audit.append({ ...event, ...about, details: facts, outcome: "success" });
      return result;
    },
    remove: () => hsm.remove(),
  };
  bed.again();
  return bed as PkiBed;
}

export function fakeCall(member: string, note: Call["note"] = () => {}): Call {
  return {
    id: randomBytes(8).toString("hex"),
    member: `hsm.${member}`,
    signal: new AbortController().signal,
    approvers: ["olga"],
    note,
    caller: {
      ...{ connection: ":1.1", uid: 1000, user: "jane", gids: [], pid: 1, loginuid: 1000 },
      label: "",
    },
  };
}
