/**
 * What ceph-volumes-kill.test.ts kills: makes true what is declared, says what there is, and then
 * creates volumes of a kind without end.
 */
import { writeSync } from "node:fs";
import * as v from "valibot";
import {
  type VolumePage,
  volumeFilterSchema,
  volumeSpecSchema,
} from "../../agent/ceph/volumes/answers.ts";
import type { VolumeKindName } from "../../agent/ceph/volumes/kinds/names.ts";
import { Alarms } from "../../agent/hsm/watch/alarms.ts";
import { Reconciler } from "../../agent/hsm/watch/reconcile.ts";
import { IncusClient } from "../../agent/incus/client.ts";
import { noVault } from "../lib/no-vault.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { openBed, ready } from "./ceph-volumes-bed.ts";
import { openVault, type VaultPlaces } from "./ceph-volumes-vault.ts";
import { fakeCall } from "./incus-fakes.ts";

const mostRounds = 5;
const [life = "", kind = "file", text = "", vaultText = ""] = process.argv.slice(2) as [
  string,
  VolumeKindName,
  string,
  string,
];
const places = JSON.parse(text);
const say = (what: string, about: unknown) =>
  writeSync(1, `${JSON.stringify({ kind: what, what: about })}\n`);
// The link's own timers hold no program up, and a helper that is begun anew leaves nothing else.
setInterval(() => {}, 60_000);
const audit = new RecordingAudit();
const keys = vaultText === "" ? noVault : await keysAt(JSON.parse(vaultText));
const bed = openBed(places, () => "UK", keys, audit);
const { handlers } = bed.volumes;
const call = fakeCall("ceph.CreateVolume");
const filter = v.parse(volumeFilterSchema, { limit: 1000, kind: [kind] });
let found: VolumePage;
let rounds = 0;
do {
  // On a machine that stands still for seconds the cluster may be away for one round, as ever.
  await ready(bed.ceph);
  await bed.volumes.reconciler.round();
  found = await handlers.Volumes(call, filter);
  rounds += 1;
} while (
  rounds < mostRounds &&
  (found.unknown !== "" || found.rows.some(({ trouble }) => trouble))
);
say("found", found);
for (let i = 0; ; i += 1) {
  const tenant = `vol-kill-${i % 2}`;
  const name = `${kind}-${life}-${i}`;
  const spec = v.parse(volumeSpecSchema, { name, kind, size: "10MiB", class: "hosts-2" });
  const job = await handlers.CreateVolume(call, tenant, spec);
  say("declared", `${tenant}/${name}`);
  await bed.jobs.done(job);
  say("made", `${tenant}/${name}`);
}

/** What of keys broke off is taken back first, as an agent does; it waits a minute for that. */
async function keysAt(where: VaultPlaces) {
  const log = () => {};
  const { core, keys } = await openVault(where, new IncusClient(places.incusSocket), audit);
  const alarms = new Alarms({ audit, log, changed: () => {} });
  const now = () => Date.now() + 120_000;
  const reconciler = new Reconciler({ core, alarms, node: "node1", log, now });
  for (const token of await core.book.every()) await reconciler.token(token);
  return keys;
}
