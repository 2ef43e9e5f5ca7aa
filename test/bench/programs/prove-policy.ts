/** Proves one policy, as the agent or the command line would, and prints what it took as JSON. */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parsePolicy } from "../../../agent/selinux/policydb/policy.ts";
import { prove } from "../../../agent/selinux/proof/prove.ts";
import { slotsOf } from "../../../agent/selinux/proof/tenants.ts";

const [file = "", assumptions = ""] = process.argv.slice(2);
const { attributes, trustedBase, shared } = JSON.parse(readFileSync(assumptions, "utf8"));
const began = performance.now();
const policy = parsePolicy(readFileSync(file));
const { tenants } = slotsOf(policy);
const verdict = prove(policy, { tenants: { tenants, attributes }, trustedBase, shared });
const milliseconds = performance.now() - began;
const { proved, counts, total } = verdict;
const { user, system } = process.cpuUsage();
const cpuMs = (user + system) / 1000;
const peakKiB = process.resourceUsage().maxRSS;
console.log(JSON.stringify({ milliseconds, cpuMs, peakKiB, proved, total, counts }));
