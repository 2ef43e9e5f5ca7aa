// @ts-check
/** `npm run ceph -- start|stop`: a Ceph cluster beside what npm start runs. */
import { cephComponent } from "./components/ceph.js";
import { CEPH_PACKAGES, ensurePackages } from "./install.js";
import { systemStack } from "./system.js";

async function main() {
  const [act, ...others] = process.argv.slice(2);
  if ((act !== "start" && act !== "stop") || others.length > 0)
    throw new Error("usage: npm run ceph -- start|stop");
  if (process.getuid?.() !== 0)
    throw new Error("a Ceph cluster's daemons are root's: run it as root");
  const component = cephComponent(systemStack().context);
  if (act === "stop") {
    const stopped = await component.stop();
    console.log(stopped ? "stopped, and its data with it" : "nothing of this command's to stop");
    return;
  }
  await ensurePackages(CEPH_PACKAGES);
  if (await component.isRunning()) console.log("already running");
  else console.log(`started: ${await component.start()}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
