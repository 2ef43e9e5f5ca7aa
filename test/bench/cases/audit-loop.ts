/**
 * How long the agent's event loop is held while its log takes a burst of auditd's, is verified as a
 * whole, and is asked for pages, counts and texts, all at once: against a Node program that does
 * nothing on the same machine at the same time.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { audit } from "../../../agent/audit/contract.ts";
import { encodeEvent } from "../../../agent/audit/event.ts";
import { SegmentWriter } from "../../../agent/audit/segments/writer.ts";
import { AgentClient } from "../../../agent/bus/client.ts";
import { job } from "../../../agent/jobs/contract.ts";
import { FakeAuditd, fileEvent } from "../../lib/auditd-fake.ts";
import { atMost, median, type Result } from "../case.ts";
import { type Bed, bundleProgram, withBed } from "../lib/bed.ts";
import { agentArguments, Served } from "../lib/process.ts";
import { type Held, idle as idleProgram, Watched } from "../lib/watched.ts";

const events = 150_000;
const burst = 20_000;
const rounds = 3;
const roundMs = 5_000;
const mostMs = 20;

export function run(): Promise<Result[]> {
  return withBed(["bus", "polkit", "policies", "incus"], async (bed) => {
    const watch = await bundleProgram("loop-delay", bed.directory);
    const auditd = new FakeAuditd({ directory: bed.directory });
    await auditd.listen();
    const sources = { auditdSocket: auditd.socketPath, auditdLog: auditd.logFile };
    const program = agentArguments(bed, sources);
    fill(join(bed.directory, "audit"));
    const agent = await Served.start([`--import=${watch}`, ...program], bed);
    const idle = new Watched(watch, idleProgram);
    try {
      await idle.watched;
      const ours: Held[] = [];
      const theirs: Held[] = [];
      for (let round = 0; round < rounds; round++) {
        await Promise.all([agentDelay(agent), idle.delay()]);
        await busyRound(bed, auditd, round);
        const [own, other] = await Promise.all([agentDelay(agent), idle.delay()]);
        ours.push(own);
        theirs.push(other);
      }
      const of = (held: Held[], by: keyof Held) => median(held.map((one) => one[by]));
      const [held, idled] = [of(ours, "max"), of(theirs, "max")];
      return [
        {
          ...atMost("audit-loop, by the clock", "ms", held, idled, mostMs),
          // With two processors for all of this, even who has nothing to do waits for one.
          goal: `at most ${mostMs} ms longer than a program that does nothing`,
          holds: held - idled <= mostMs,
        },
        atMost("audit-loop, own work", "ms", of(ours, "cpu"), of(theirs, "cpu"), mostMs),
      ];
    } finally {
      idle.end();
      await agent.stop();
      await auditd.close();
    }
  });
}

function fill(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const writer = new SegmentWriter(directory);
  writer.open();
  for (let done = 0; done < events; done += 5000) {
    const payloads = Array.from({ length: 5000 }, (_, i) => {
      const n = done + i;
      const details = { change: { memory: `${n} MiB`, note: "x".repeat(60) } };
      const who = { actor: `person-${n % 200}`, uid: 1000 + (n % 200) };
      const what = {
        action: "instances.Resize",
        tenant: `agency-${n % 40}`,
        object: `vm-${n % 900}`,
      };
      return encodeEvent({ ...who, ...what, outcome: "success", details }, "node1").payload;
    });
    writer.appendBatch(payloads);
  }
  writer.close();
}

async function agentDelay(agent: Served): Promise<Held> {
  const said = agent.next(({ message }) => message === "loop delay", 10);
  agent.signal("SIGUSR2");
  const { max, cpu } = await said;
  return { max: Number(max), cpu: Number(cpu) };
}

/** Verifications one after the other, with everything else beside them. */
async function busyRound(bed: Bed, auditd: FakeAuditd, round: number): Promise<void> {
  const client = await AgentClient.connect(bed.busPath);
  const end = performance.now() + roundMs;
  const asking = async (ask: () => Promise<unknown>) => {
    while (performance.now() < end) await ask();
  };
  const first = round * burst;
  const write = async () => {
    for (let i = 0; i < burst; i += 500) {
      const some = Array.from({ length: 500 }, (_, n) => fileEvent(first + i + n, Date.now()));
      auditd.write(some.flat());
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const page = { cursor: "", limit: 1000 };
  const all = [
    write(),
    asking(() => client.call(audit, "List", [page])),
    asking(() => client.call(audit, "List", [{ ...page, tenant: "agency-7" }])),
    asking(() => client.call(audit, "Summary", [{ actor: "person-7" }])),
    asking(() => client.call(audit, "Show", ["100000"])),
    // While one runs, this gives its job.
    asking(async () => {
      const id = await client.call(audit, "Verify", []);
      await client.call(job, "Show", [], { object: id });
    }),
    asking(() => client.call(audit, "ListTenant", ["agency-3", { ...page, text: "4711" }])),
  ];
  try {
    await Promise.all(all);
  } finally {
    client.close();
  }
}
