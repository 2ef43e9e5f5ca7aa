/** The agent's proof of the loaded policy, in the thread that does it, with policies from files. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import { JobList } from "../../agent/jobs/service.ts";
import { System } from "../../agent/node/system.ts";
import { kernelOf } from "../../agent/selinux/loads/kernel.ts";
import { createLoads } from "../../agent/selinux/loads/service.ts";
import { createSelinux, type SelinuxService } from "../../agent/selinux/service.ts";
import { kernelStatus, watchKernel } from "../../agent/selinux/watch.ts";
import { writePolicy } from "../lib/policy-writer.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";
import { TenantPolicy } from "../lib/tenant-policy.ts";

const root = mkdtempSync(join(tmpdir(), "dsecos-prover-"));
const policy = join(root, "policy");
const outfile = join(root, "selinux-prover.mjs");
const call = {
  member: "selinux.Prove",
  caller: { user: "otto", uid: 1004 },
} as unknown as Call;

let audit: RecordingAudit;
let jobs: JobList;
let changes: string[];
let selinux: SelinuxService;

beforeAll(() =>
  build({
    entryPoints: [resolve(import.meta.dirname, "../../agent/selinux/prover-worker.ts")],
    ...({ bundle: true, platform: "node", format: "esm" } as const),
    outfile,
  }),
);
beforeEach(() => {
  audit = new RecordingAudit();
  changes = [];
  const log = () => {};
  jobs = new JobList({ audit, log });
  const program = pathToFileURL(outfile);
  const loads = createLoads({
    ...{ jobs, audit, log, policy, program, node: "test", directory: join(root, "selinux") },
    kernel: kernelOf({ policy, load: join(root, "load") }),
    slotsInUse: () => Promise.reject(new Error("nobody builds anything here")),
    history: async () => [],
    changed: () => {},
  });
  selinux = createSelinux({
    ...{ jobs, audit, log, policy, loads, program },
    changed: (state) => changes.push(state),
    system: new System(),
    holdersUnknown: () => "",
    slotHolders: () => new Map([[2, "mod-health"]]),
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function proved() {
  const id = await selinux.handlers.Prove(call);
  await expect.poll(() => jobs.get(id)?.state, { timeout: 30_000 }).not.toBe("running");
  return { job: jobs.get(id), status: await selinux.handlers.Show(call) };
}

function load(change: (policy: TenantPolicy) => void = () => {}): void {
  const made = new TenantPolicy(2);
  change(made);
  writeFileSync(policy, writePolicy(made.model));
}

test("the verdict is shown, on record, and says that it is about the loaded policy", async () => {
  load((made) => made.add("allow tenant0001_t tenant0002_vol_t:file { read };"));
  const { job, status } = await proved();
  expect(job?.state).toBe("failed");
  expect(status.proof).toMatchObject({ state: "refuted", actor: "otto", counts: { tenants: 2 } });
  expect(status.proof.violations[0]).toMatchObject({
    tenants: ["tenant0001", "tenant0002"],
    holders: ["", "mod-health"],
  });
  const sentences = status.proof.violations.map(({ sentence }) => sentence);
  expect(sentences.join()).toContain("allow tenant0001_t tenant0002_vol_t:file");
  expect(status.current).toBe(true);
  expect(changes).toEqual(["refuted"]);
  const [entry] = audit.entries.filter(({ action }) => action === "selinux.Proved");
  expect(entry).toMatchObject({ outcome: "failure", actor: "otto", call: job?.id });
  expect(JSON.stringify(entry?.details)).toContain("tenant0002_vol_t");
});

test("a policy that cannot be read is told as such, never as proved", async () => {
  writeFileSync(policy, "no policy, but long enough to hold the header of one");
  const { job, status } = await proved();
  expect(job?.error).toMatch(/policy cannot be read/);
  expect(status.proof.error).toBe(job?.error);
  expect(status.proof).toMatchObject({ state: "failed", policy: null });
  expect(status.current).toBe(false);
});

test("where none is loaded, nothing is proved and what to do is told", async () => {
  rmSync(policy);
  const { job, status } = await proved();
  expect(job?.error).toMatch(/There is no .*policy/);
  expect(status.current).toBeNull();
  expect(status.proof.state).toBe("failed");
});

test("the slots of the policy are those that were read last", async () => {
  expect(selinux.slots()).toBe("unknown");
  load();
  await proved();
  expect(selinux.slots()).toEqual([1, 2]);
  writeFileSync(policy, "no policy, but long enough to hold the header of one");
  await proved();
  expect(selinux.slots()).toBe("unknown");
});

test("why is answered from the policy as it is", async () => {
  load();
  const ask = () => selinux.handlers.Why(call, "tenant0001_t", "null_device_t", "chr_file");
  expect(await ask()).toMatchObject({ verdict: "allowed", allowed: ["read", "write"] });
  expect(await ask()).not.toHaveProperty("sourceTenant");
  const other = selinux.handlers.Why(call, "tenant0002_t", "null_device_t", "chr_file");
  expect(await other).toMatchObject({ sourceTenant: "mod-health" });
  const unknown = selinux.handlers.Why(call, "tenant0001_t", "no_such_t", "file");
  await expect(unknown).rejects.toMatchObject({ code: "NotFound" });
});

test("a load of a policy is noticed by the kernel's counter", async () => {
  const status = join(root, "status");
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(7, 12);
  writeFileSync(status, bytes);
  expect(await kernelStatus(status)).toEqual({ enforcing: true, loads: 7 });
  expect(await kernelStatus(join(root, "none"))).toBeUndefined();
  writeFileSync(status, "short");
  await expect(kernelStatus(status)).rejects.toThrow("5 bytes");
  const told = await new Promise((resolve) => {
    const end = watchKernel(
      async () => ({ enforcing: true, loads: 1 }),
      (found) => {
        end();
        resolve(found);
      },
      resolve,
    );
  });
  expect(told).toEqual({ enforcing: true, loads: 1 });
});
