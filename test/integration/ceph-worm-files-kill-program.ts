/** What ceph-worm-files.test.ts kills: looks after volumes without end, each time an hour later. */
import { writeSync } from "node:fs";
import { noVault } from "../lib/no-vault.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { openBed, ready } from "./ceph-volumes-bed.ts";

const [places = "", now = ""] = process.argv.slice(2);
// The link's own timers hold no program up.
setInterval(() => {}, 60_000);
const audit = new RecordingAudit();
const bed = openBed(JSON.parse(places), () => "UK", noVault, audit);
bed.clock.now = Number(now);
await ready(bed.ceph);
for (;;) {
  await bed.volumes.reconciler.round();
  bed.clock.now += 3_600_000;
  const alarm = audit.entries.find(({ outcome }) => outcome === "failure");
  writeSync(1, `${alarm?.error ?? "round"}\n`);
}
