// @ts-check
import { systemStack } from "./system.js";

try {
  if (process.getuid?.() !== 0) throw new Error("npm stop ends system services: run it as root");
  await systemStack().stop(({ name, outcome }) => {
    const words = outcome === "stopped" ? "stopped" : "not started by npm start, left as it is";
    console.log(`${name.padEnd(10)} ${words}`);
  });
  console.log("\nTenants, instances, images, the audit record, groups and users stay.");
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
