/** An agent's services in a process of their own, which a test kills while they make or remove a tenant. */
import { createCloud } from "../../agent/incus/cloud.ts";
import { FakeJobs, fakeCall, RecordingAudit } from "./incus-fakes.ts";

const [socketPath = "", act = "", name = ""] = process.argv.slice(2);
const jobs = new FakeJobs();
const cloud = createCloud({
  ...{ socketPath, jobs, storagePool: "default", node: "child" },
  audit: new RecordingAudit(),
  log: () => undefined,
  // Stands for the policy that the kernel has loaded.
  slots: () => [1, 2, 3],
});
cloud.start();
if (act === "create") {
  await cloud.tenants.handlers.Create(fakeCall("tenants.Create"), name, {
    ...{ displayName: "", domain: `${name}_t`, classification: "secret", jurisdiction: "UK" },
    ...{ quota: { cpu: "8", ram: "4GiB", storage: "1GiB" }, contacts: [] },
  });
} else {
  await cloud.tenants.handlers.Delete(fakeCall("tenants.Delete"), name, true, 0);
}
setInterval(() => undefined, 1000);
