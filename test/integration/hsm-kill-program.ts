/**
 * What hsm-kill.test.ts kills: looks its token through, says what is there, and then makes, rotates
 * and destroys keys without end, and prints each act once it is done. Only what Incus keeps of tokens
 * is a fake here.
 */
import { writeSync } from "node:fs";
import { purposeOf } from "../../agent/hsm/algorithms.ts";
import { createCore } from "../../agent/hsm/core.ts";
import { finishDestroying } from "../../agent/hsm/keys/ending.ts";
import { protectionOf } from "../../agent/hsm/keys/generate.ts";
import { dueAfter } from "../../agent/hsm/keys/transition.ts";
import { openDriver } from "../../agent/hsm/link/link.ts";
import type { Declarations } from "../../agent/hsm/tokens/declared.ts";
import { Alarms } from "../../agent/hsm/watch/alarms.ts";
import { Reconciler } from "../../agent/hsm/watch/reconcile.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const [directory = "", socket = "", life = "", tenant = ""] = process.argv.slice(2);
const say = (kind: string, what: unknown) => writeSync(1, `${JSON.stringify({ kind, what })}\n`);
const log = () => {};
const declared = {
  ...{ driver: "test", label: tenant, region: "UK", serial: "", node: "node1" },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", createdBy: "officer" },
};
const declarations: Declarations = {
  all: async () => new Map([[tenant, [declared]]]),
  change: async () => {},
  stale: () => {},
};
const core = createCore({
  ...{ directory, sockets: directory, node: "node1", region: "UK", client: declarations, log },
  open: ({ name, config }) => openDriver({ name, config, socket, log }),
  changed: () => {},
});
await core.drivers.load();
const alarms = new Alarms({ audit: new RecordingAudit(), log, changed: () => {} });
const token = await core.book.of(tenant);
// What broke off is waited for a minute, which these keys do not take.
const now = () => Date.now() + 120_000;
await new Reconciler({ core, alarms, node: "node1", log, now }).token(token);
const keys = await core.store.listIn(token);
say("found", {
  alarms: alarms.all(),
  keys: keys.map(({ record, frozen }) => ({
    ...{ name: record.name, state: record.state, frozen },
    versions: record.versions.map(({ version, id, sealed, destroyedAt }) => ({
      ...{ version, id, under: sealed?.under, destroyed: destroyedAt !== undefined },
    })),
  })),
  labels: [...(await core.records.fresh(token)).keys()],
  objects: (await token.driver.keys(tenant)).map(({ id, algorithm }) => ({ id, algorithm })),
});

const who = { user: "officer", why: "test" };
for (let i = 0; ; i += 1) {
  const name = `key-${life}-${i}`;
  const algorithm = i % 2 === 0 ? "P-384" : "MLDSA65-P384";
  const at = new Date().toISOString();
  const protection = protectionOf(algorithm, token, []);
  const facts = { tenant, name, algorithm, region: "UK", protection } as const;
  await core.maker.create(token, facts, (version) => ({
    ...{ ...facts, driver: "test", purpose: purposeOf[algorithm] },
    ...{ state: "active", createdAt: at, createdBy: "officer", ...dueAfter(30, new Date()) },
    ...{ versions: [version], history: [], revision: 1 },
  }));
  say("created", name);
  const found = await core.store.find(tenant, name);
  await core.maker.rotate(found, (version) => ({
    ...found.record,
    versions: [...found.record.versions, version],
    revision: found.record.revision + 1,
  }));
  say("rotated", name);
  if (i % 3 !== 2) continue;
  await core.store.act(tenant, name, "scheduleDestroy", who);
  const destroyed = await core.store.act(tenant, name, "destroy", who);
  await finishDestroying(destroyed, core.records);
  say("destroyed", name);
}
