/**
 * The Ceph that nodes have, which is Debian 13's, under the agent's own code: `test/debian13/` is run in a
 * root of that, with its own loopback interface, where this machine has an older one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { explain } from "../../agent/log.ts";
import { cephRoot, inRoot, noCephRoot } from "../lib/ceph-root.js";
import { missing } from "./incus-lib.ts";

const none = noCephRoot() || missing;

/** The first time it is downloaded, which is given up after 15 minutes. */
const limit = 1_200_000;

async function cached(): Promise<{ root: string } | { why: string }> {
  try {
    return { root: await cephRoot() };
  } catch (error) {
    return { why: explain(error) };
  }
}

test.skipIf(none !== "")(
  `reads a cluster of Ceph 18.2, makes volumes of each kind in it, and proves where its pools are ${none}`,
  async ({ skip }) => {
    const found = await cached();
    if ("why" in found) {
      skip(`Debian 13 cannot be had: ${found.why}`);
      return;
    }
    const vitest = ["node_modules/.bin/vitest", "run", "--config", "test/vitest.config.ts"];
    const { command, args } = inRoot(
      found.root,
      [dirname(process.env.DSECOS_TEST_INCUS ?? "")],
      ["/usr/bin/node", ...vitest, "test/debian13/"],
    );
    const running = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [running.stdout, running.stderr])
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
    const [code] = await once(running, "close");
    expect(code, said).toBe(0);
    expect(said).toMatch(/Tests .*\b5 passed/);
  },
  limit,
);
