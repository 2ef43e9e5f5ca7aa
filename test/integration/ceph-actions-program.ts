/** What ceph-actions.test.ts kills: keeps flags as the agent does, and sets one that ends in seconds. */
import { writeSync } from "node:fs";
import { createActions } from "../../agent/ceph/actions/service.ts";
import { createCore } from "../../agent/ceph/core.ts";
import { openLink } from "../lib/ceph-operator.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { fakeCall } from "./incus-fakes.ts";

const [what = "", paths = ""] = process.argv.slice(2);
// The link's own timers hold no program up.
setInterval(() => {}, 60_000);
const places = JSON.parse(paths);
const link = await openLink(places);
const core = createCore({
  link,
  user: places.cephUser,
  log: () => undefined,
  changed: () => undefined,
});
/** A window has a minute at least, of which nearly all is over by this clock. */
const behindMs = what === "set" ? 55_000 : 0;
const actions = createActions({
  ...{ ...core, audit: new RecordingAudit(), changed: () => undefined },
  map: () => Promise.reject(new Error("nobody asks for it")),
  now: () => Date.now() - behindMs,
});
actions.start();
if (what === "set") {
  // What it answers is read by a thread that this program does not have beside it.
  await actions.flags.open(fakeCall("ceph.SetFlag"), "norebalance", 1, "to be killed");
}
writeSync(1, "ready\n");
