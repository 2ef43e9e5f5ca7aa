/**
 * Proves one cluster in a thread, as the agent does, and prints what it took as JSON. Without a second
 * word it only takes the same files apart, in a thread, too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { proveApart } from "../../../agent/ceph/residency/thread.ts";

const [directory = "", program] = process.argv.slice(2);
const bytes = (name: string) => new Uint8Array(readFileSync(join(directory, name)));
const texts = {
  ...{ osdmap: bytes("osdmap"), crush: bytes("crush") },
  ...{ pgs: bytes("pgs"), holdings: bytes("holdings") },
};
const rest = JSON.parse(readFileSync(join(directory, "rest"), "utf8"));
const began = performance.now();
const used = process.cpuUsage();
let verdict = "";
if (program === undefined) {
  const parse =
    'const { workerData } = require("node:worker_threads"); const read = (bytes) => JSON.parse(new TextDecoder().decode(bytes)); globalThis.kept = Object.values(workerData).map(read);';
  const transferList = Object.values(texts).map(({ buffer }) => buffer);
  const worker = new Worker(parse, { eval: true, workerData: texts, transferList });
  await new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
} else {
  const proof = await proveApart({ texts, ...rest }, pathToFileURL(program));
  verdict = proof.verdict;
}
const milliseconds = performance.now() - began;
const { user, system } = process.cpuUsage(used);
const cpuMilliseconds = (user + system) / 1000;
const peakKiB = process.resourceUsage().maxRSS;
console.log(JSON.stringify({ milliseconds, cpuMilliseconds, peakKiB, verdict }));
