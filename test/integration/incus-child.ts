/** An agent's services in a process of their own, which a test kills while they create instances. */
import { createCloud } from "../../agent/incus/cloud.ts";
import { FakeJobs, fakeCall, RecordingAudit } from "./incus-fakes.ts";

const [socketPath = "", node = "", tenant = "", count = "1"] = process.argv.slice(2);
const cloud = createCloud({
  socketPath,
  node,
  storagePool: "default",
  jobs: new FakeJobs(),
  audit: new RecordingAudit(),
  log: () => undefined,
});
cloud.start();
await cloud.instances.handlers.Create(fakeCall("instances.Create"), tenant, "node", {
  image: "debian-13",
  type: "container",
  count: Number(count),
  cpu: 1,
  ram: "128MiB",
  storage: "512MiB",
  start: false,
});
setInterval(() => undefined, 1000);
