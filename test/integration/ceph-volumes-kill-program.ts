/**
 * What ceph-volumes-kill.test.ts kills: makes true what is declared, says what there is, and then
 * creates volumes without end.
 */
import { writeSync } from "node:fs";
import * as v from "valibot";
import { volumeFilterSchema } from "../../agent/ceph/volumes/answers.ts";
import { openBed, ready } from "./ceph-volumes-bed.ts";
import { fakeCall } from "./incus-fakes.ts";

const [life = "", places = ""] = process.argv.slice(2);
const say = (kind: string, what: unknown) => writeSync(1, `${JSON.stringify({ kind, what })}\n`);
// The link's own timers hold no program up, and a helper that is begun anew leaves nothing else.
setInterval(() => {}, 60_000);
const bed = openBed(JSON.parse(places), () => "UK");
await ready(bed.ceph);
await bed.volumes.reconciler.round();
const { handlers } = bed.volumes;
const call = fakeCall("ceph.CreateVolume");
const filter = v.parse(volumeFilterSchema, { limit: 1000 });
say("found", await handlers.Volumes(call, filter));
for (let i = 0; ; i += 1) {
  const tenant = `vol-kill-${i % 2}`;
  const name = `life-${life}-${i}`;
  const spec = { name, kind: "file", size: "10MiB", class: "hosts-2", worm: false } as const;
  const job = await handlers.CreateVolume(call, tenant, spec);
  say("declared", `${tenant}/${name}`);
  await bed.jobs.done(job);
  say("made", `${tenant}/${name}`);
}
