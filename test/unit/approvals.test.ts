import { beforeEach, expect, test } from "vitest";
import { Approvals } from "../../agent/approvals/service.ts";
import type { Call } from "../../agent/bus/call.ts";
import type { Method } from "../../agent/bus/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const method: Method = tenants.methods.Delete;
let audit: RecordingAudit;
let approvals: Approvals;
let clock: number;

beforeEach(() => {
  audit = new RecordingAudit();
  clock = Date.parse("2026-01-01T00:00:00Z");
  approvals = create();
});

/** Bob and Carol are officers, Alice is none. */
const people = {
  officers: async () => [
    { uid: 1001, user: "u1001" },
    { uid: 1002, user: "u1002" },
  ],
};

function create(): Approvals {
  return new Approvals({ audit, people, node: "n1", lifetimeSeconds: 3600, now: () => clock });
}

function person(uid: number, loginuid = -1): Call {
  const caller = { connection: `:1.${uid}`, uid, user: `u${uid}`, gids: [], pid: 1, label: "" };
  const signal = new AbortController().signal;
  return {
    id: "0",
    caller: { ...caller, loginuid },
    member: "tenants.Delete",
    signal,
    approvers: [],
    note: () => {},
  };
}

const alice = person(1000);
const bob = person(1001);
const carol = person(1002);

function ask(call: Call, inputs: unknown[] = ["mod-defense", false, 0], state = "s", m = method) {
  return approvals.require({ call, method: m, about: { tenant: "mod-defense" }, inputs, state });
}

async function request(call = alice, m = method) {
  await expect(ask(call, undefined, undefined, m)).rejects.toMatchObject({ code: "NeedsApproval" });
  const [record] = await approvals.handlers.List(call);
  if (record === undefined) throw new Error("no request");
  return record;
}

test("another person approves, and then the act runs once", async () => {
  const { id, hash } = await request();
  expect(await approvals.handlers.Approve(bob, id, hash)).toMatchObject({ state: "approved" });
  expect(await ask(alice)).toEqual(["u1001"]);
  await expect(ask(alice)).rejects.toMatchObject({ code: "NeedsApproval" });
});

test("asking again while it waits gives the same request", async () => {
  const { id } = await request();
  await expect(ask(alice)).rejects.toThrow(id);
  expect(await approvals.handlers.List(alice)).toHaveLength(1);
});

test("nobody approves a request of his own, nor as root behind sudo, nor after su", async () => {
  const { id, hash } = await request();
  for (const self of [alice, person(0, 1000)]) {
    await expect(approvals.handlers.Approve(self, id, hash)).rejects.toMatchObject({
      code: "Denied",
    });
  }
  approvals = create();
  const asRoot = await request(person(0, 1000));
  await expect(approvals.handlers.Approve(alice, asRoot.id, asRoot.hash)).rejects.toMatchObject({
    code: "Denied",
  });
});

test("one person counts once towards a quorum of two", async () => {
  const two = { ...method, approvals: 2 };
  const { id, hash } = await request(alice, two);
  expect(await approvals.handlers.Approve(bob, id, hash)).toMatchObject({ state: "pending" });
  await expect(approvals.handlers.Approve(bob, id, hash)).rejects.toMatchObject({
    code: "Conflict",
  });
  await expect(ask(alice, undefined, undefined, two)).rejects.toMatchObject({
    code: "NeedsApproval",
  });
  await approvals.handlers.Approve(carol, id, hash);
  expect(await ask(alice, undefined, undefined, two)).toEqual(["u1001", "u1002"]);
});

test.each([0, -1, Number.NaN])("a quorum of %s lets nothing through", async (needed) => {
  const m = { ...method, approvals: needed };
  await expect(ask(alice, undefined, undefined, m)).rejects.toMatchObject({ code: "Denied" });
});

test("other arguments, another person or a changed target need an approval of their own", async () => {
  const { id, hash } = await request();
  await approvals.handlers.Approve(bob, id, hash);
  for (const other of [
    () => ask(alice, ["mod-defense", true, 0]),
    () => ask(carol),
    () => ask(alice, undefined, "changed"),
  ]) {
    await expect(other()).rejects.toMatchObject({ code: "NeedsApproval" });
  }
  expect(await ask(alice)).toEqual(["u1001"]);
});

test("a wrong hash approves nothing", async () => {
  const { id } = await request();
  await expect(approvals.handlers.Approve(bob, id, "0".repeat(128))).rejects.toMatchObject({
    code: "Conflict",
  });
});

test("a request and an approval expire", async () => {
  const { id, hash } = await request();
  clock += 3_600_000;
  await expect(approvals.handlers.Approve(bob, id, hash)).rejects.toThrow("expired");
  const next = await request();
  expect(next.id).not.toBe(id);
  await approvals.handlers.Approve(bob, next.id, next.hash);
  clock += 3_600_000;
  await expect(ask(alice)).rejects.toMatchObject({ code: "NeedsApproval" });
});

test("a rejected request cannot be approved any more", async () => {
  const { id, hash } = await request();
  await approvals.handlers.Reject(bob, id, "not now");
  await expect(approvals.handlers.Approve(carol, id, hash)).rejects.toThrow("is rejected");
});

test("only who asked withdraws", async () => {
  const { id } = await request();
  await expect(approvals.handlers.Withdraw(bob, id)).rejects.toMatchObject({ code: "Denied" });
  expect(await approvals.handlers.Withdraw(alice, id)).toMatchObject({ state: "rejected" });
});

test("who asks and withdraws again and again fills no memory, and loses nothing that waits", async () => {
  const { id, hash } = await request();
  for (let i = 1; i <= 600; i++) {
    const refusal = await ask(bob, ["mod-defense", false, i]).catch(String);
    await approvals.handlers.Withdraw(bob, /[0-9a-f]{16}/.exec(String(refusal))?.[0] ?? "");
  }
  expect(await approvals.handlers.List(bob)).toHaveLength(501);
  await approvals.handlers.Approve(bob, id, hash);
  expect(await ask(alice)).toEqual(["u1001"]);
});

test("approvals are read back from the log after a restart, and used ones stay used", async () => {
  const { id, hash } = await request();
  await approvals.handlers.Approve(bob, id, hash);
  approvals = create();
  approvals.restore(audit.entries);
  expect(await ask(alice)).toEqual(["u1001"]);
  approvals = create();
  approvals.restore(audit.entries);
  await expect(ask(alice)).rejects.toMatchObject({ code: "NeedsApproval" });
});

test("an approval that cannot be recorded is none", async () => {
  const { id, hash } = await request();
  audit.failure = new Error("disk full");
  await expect(approvals.handlers.Approve(bob, id, hash)).rejects.toThrow("disk full");
  audit.failure = undefined;
  await expect(ask(alice)).rejects.toMatchObject({ code: "NeedsApproval" });
});

test("used twice at the same moment, it serves once", async () => {
  const { id, hash } = await request();
  await approvals.handlers.Approve(bob, id, hash);
  const results = await Promise.allSettled([ask(alice), ask(alice)]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});
