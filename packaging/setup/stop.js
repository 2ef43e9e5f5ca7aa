// @ts-check
import { systemStack } from "./system.js";

try {
  if (process.getuid?.() !== 0) throw new Error("npm stop ends system services: run it as root");
  await systemStack().stop(({ name, outcome }) => {
    const words = outcome === "stopped" ? "stopped" : "nothing of npm start's to stop";
    console.log(`${name.padEnd(10)} ${words}`);
  });
  console.log("\nTenants, instances, images, the audit record, keys, groups and users stay.");
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
