/**
 * The agent is ready, its name owned, within 0.5 s of its start with the flags of the package:
 * with a new audit record, and with one that is longer than what it reads back at a start. The
 * reference is a bare dbus-next program that only takes the name, started by the same flags in
 * turns with the agent.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AuditLog } from "../../../agent/audit/log.ts";
import { segmentPath } from "../../../agent/audit/segments/files.ts";
import { auditWriter } from "../../lib/audit-writer.ts";
import { atMost, median, type Result } from "../case.ts";
import { type Bed, bundleProgram, withBed } from "../lib/bed.ts";
import { agentArguments, Served } from "../lib/process.ts";

const rounds = 7;
const limitMs = 500;
/** Entries of a tenant's creation have 600 bytes and more. */
const longRecord = 10_000;

export function run(): Promise<Result[]> {
  return withBed(["bus", "polkit", "policies"], async (bed) => {
    const agent = agentArguments(bed);
    const bare = [await bundleProgram("bare-name", bed.directory)];
    const fresh = await compare("agent-start", bed, agent, bare);
    const mb = await lengthenRecord(join(bed.directory, "audit"));
    const name = `agent-start, record of ${mb.toFixed(0)} MB`;
    return [fresh, await compare(name, bed, agent, bare)];
  });
}

async function compare(name: string, bed: Bed, agent: string[], bare: string[]): Promise<Result> {
  const ours: number[] = [];
  const reference: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await started(agent, bed));
    reference.push(await started(bare, bed));
  }
  return atMost(name, "ms", median(ours), median(reference), limitMs);
}

async function started(program: string[], bed: Bed): Promise<number> {
  const served = await Served.start(program, bed);
  await served.stop();
  return served.readyMs;
}

/** @returns how long the record is now, in MB. */
async function lengthenRecord(directory: string): Promise<number> {
  const program = pathToFileURL(auditWriter());
  const log = new AuditLog(directory, "bench", () => {}, { program });
  await log.open();
  const spec = {
    displayName: "An agency of a government",
    domain: "agency_t",
    quota: { cpu: "128", ram: "1TB", storage: "50TB" },
    contacts: ["soc@agency.example"],
  };
  const who = { actor: "alice", uid: 1000, loginuid: 1000, pid: 4711 };
  const entries = Array.from({ length: longRecord }, (_, i) => {
    const id = i >> 1;
    const details = { arguments: [`agency-${id}`, spec] };
    const act = { action: "tenants.Create", ...who, tenant: `agency-${id}`, details };
    return log.append({ ...act, call: `call-${id}`, outcome: i % 2 ? "success" : "intent" });
  });
  await Promise.all(entries);
  await log.close();
  return statSync(segmentPath(directory, 0, "open")).size / 1e6;
}
