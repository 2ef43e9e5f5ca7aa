/**
 * The status of a real cluster, asked over the agent's link and parsed, against `ceph status` as a
 * command that starts a process for each; both take turns.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { openCeph } from "../../../agent/ceph/link/link.ts";
import { until } from "../../../packaging/setup/lib/wait.js";
import { withCeph } from "../../lib/ceph-cluster.ts";
import { median, type Result, ratioAtMost } from "../case.ts";

const rounds = 15;
const perRound = 20;
const helper = join(import.meta.dirname, "../../../agent/ceph/link/helper.py");

export async function run(): Promise<Result[]> {
  const cluster = await withCeph({ osds: 4 });
  const { cephConfig, cephUser, cephKeyring } = cluster.paths;
  const link = openCeph({
    ...{ config: cephConfig, user: cephUser, keyring: cephKeyring, program: helper },
    log: () => {},
  });
  try {
    await until("the link to be ready", 30, () => link.status().state === "ready");
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < perRound; i++) {
        const began = performance.now();
        await link.mon("status");
        ours.push(performance.now() - began);
      }
      const began = performance.now();
      const args = ["--name", cephUser, "--keyring", cephKeyring, "--conf", cephConfig];
      const { stdout } = await promisify(execFile)("ceph", [...args, "status", "-f", "json"], {
        timeout: 30_000,
      });
      JSON.parse(stdout);
      theirs.push(performance.now() - began);
    }
    return [ratioAtMost("ceph-status", "ms", median(ours), median(theirs), 0.2)];
  } finally {
    await link.close();
    await cluster.remove();
  }
}
