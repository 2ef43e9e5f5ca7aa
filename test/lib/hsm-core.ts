/** The core of the HSM subsystem over fake tokens; only the tokens' driver and Incus are fakes. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Algorithm, purposeOf } from "../../agent/hsm/algorithms.ts";
import { type Core, createCore } from "../../agent/hsm/core.ts";
import { protectionOf } from "../../agent/hsm/keys/generate.ts";
import type { KeyRecord } from "../../agent/hsm/keys/record.ts";
import { createKeys } from "../../agent/hsm/keys/service.ts";
import type { FoundKey, Token } from "../../agent/hsm/parts.ts";
import type { AskRecord } from "../../agent/hsm/statement/record.ts";
import type { Declarations, DeclaredToken } from "../../agent/hsm/tokens/declared.ts";
import { Alarms } from "../../agent/hsm/watch/alarms.ts";
import { isBelievable } from "../../agent/hsm/watch/clock.ts";
import { Reconciler } from "../../agent/hsm/watch/reconcile.ts";
import { Schedules } from "../../agent/hsm/watch/schedule.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { FakeDriver, FakeTokens } from "./fake-hsm-driver.ts";
import { RecordingAudit } from "./recording-audit.ts";
import { removeTree } from "./remove-tree.js";

/** A fake of what Incus keeps of tokens. */
export class FakeDeclarations implements Declarations {
  readonly book = new Map<string, readonly DeclaredToken[]>();

  async all() {
    return this.book;
  }

  async change(
    tenant: string,
    change: (tokens: readonly DeclaredToken[]) => readonly DeclaredToken[],
  ) {
    this.book.set(tenant, change(this.book.get(tenant) ?? []));
  }

  stale() {}
}

export const officer = { user: "officer", why: "test" };
export const driverFile = { module: "/fake.so", region: "UK", pin: { credential: "hsm-fake" } };

export interface CoreBed {
  core: Core;
  fake: FakeDriver;
  tokens: FakeTokens;
  declarations: FakeDeclarations;
  audit: RecordingAudit;
  alarms: Alarms;
  reconciler: Reconciler;
  schedules: Schedules;
  keys: ReturnType<typeof createKeys>;
  jobs: JobList;
  /** Another agent over the same tokens: the same node's next start, or another node. */
  another(node?: string): Promise<CoreBed>;
}

export interface BedOptions {
  tokens?: FakeTokens;
  declarations?: FakeDeclarations;
  audit?: RecordingAudit;
  node?: string;
  now?: () => Date;
  files?: Record<string, unknown>;
  /** Entries of the audit log, which tell whether the clock can be believed; it can when left out. */
  record?: AskRecord;
}

export async function coreBed(options: BedOptions = {}): Promise<CoreBed> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-hsm-unit-"));
  onTestFinished(() => removeTree(directory));
  const files = options.files ?? { fake: driverFile };
  for (const [name, file] of Object.entries(files)) {
    const text = typeof file === "string" ? file : JSON.stringify(file);
    writeFileSync(join(directory, `${name}.json`), text);
  }
  const tokens = options.tokens ?? new FakeTokens();
  const declarations = options.declarations ?? new FakeDeclarations();
  const audit = options.audit ?? new RecordingAudit();
  const now = options.now ?? (() => new Date());
  const log = () => {};
  const node = options.node ?? "node1";
  const fake = new FakeDriver(tokens);
  const core = createCore({
    ...{ log, directory, node, region: "UK", client: declarations },
    sockets: directory,
    open: ({ name }) => (name === "fake" ? fake : new FakeDriver(new FakeTokens(), name)).driver,
    changed: () => {},
  });
  await core.drivers.load();
  const jobs = new JobList({ audit, log });
  const keys = createKeys({
    ...{ store: core.store, maker: core.maker, book: core.book, everything: core.everything },
    ...{ jobs, now, changed: core.changed },
    tenant: async () => {},
    mayLive: async () => "test",
  });
  const alarms = new Alarms({ audit, log, changed: () => {} });
  const reconciler = new Reconciler({ core, alarms, node, log, now: () => now().getTime() });
  const schedules = new Schedules({
    ...{ core, audit, alarms, rotate: keys.rotateNow, now: () => now().getTime() },
    believable: async (at) => options.record === undefined || isBelievable(options.record, at),
  });
  return {
    ...{ core, fake, tokens, declarations, audit, alarms, reconciler, schedules, keys, jobs },
    another: (other = node) =>
      coreBed({ ...options, tokens, declarations, audit, node: other, now: inTwoMinutes }),
  };
}

/** What broke off a moment ago is waited for. */
const inTwoMinutes = () => new Date(Date.now() + 120_000);

/** Makes an active key in a token, as CreateKey does without its job. */
export async function withKey(
  bed: CoreBed,
  token: Token,
  name: string,
  more: Partial<KeyRecord> & { algorithm?: Algorithm } = {},
): Promise<FoundKey> {
  const { algorithm = "P-384" } = more;
  const { tenant, region } = token;
  const protection = protectionOf(algorithm, token, bed.tokens.mechanisms);
  const facts = { tenant, name, algorithm, region, protection };
  const at = new Date().toISOString();
  await bed.core.maker.create(token, facts, (version) => ({
    ...{ ...facts, driver: token.driver.name, purpose: purposeOf[algorithm] },
    ...{ state: "active", createdAt: at, createdBy: "officer", revision: 1, versions: [version] },
    history: [{ at, by: "officer", state: "active", why: "created" }],
    ...more,
  }));
  return bed.core.store.find(tenant, name);
}

/** Gives a tenant its token. */
export async function withToken(bed: CoreBed, tenant: string) {
  const [opened] = bed.core.drivers.all();
  if (opened === undefined) throw new Error("no driver");
  return bed.core.book.make(tenant, tenant, opened, "officer");
}
