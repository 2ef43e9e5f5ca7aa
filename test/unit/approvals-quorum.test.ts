/**
 * Quorums of m of n, and the ways in which such rules are known to fail: nobody needed, members that
 * are not seen, a group of the same name elsewhere, approval of one's own request, and approval that
 * outlives what it was for.
 */
import { beforeEach, expect, test } from "vitest";
import type { Person, Quorum } from "../../agent/approvals/quorum.ts";
import { checkQuorum } from "../../agent/approvals/quorum.ts";
import { Approvals } from "../../agent/approvals/service.ts";
import type { Call } from "../../agent/bus/call.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const method = tenants.methods.Delete;
const inputs = ["mod-defense", false, 0];
const [alice, bob, carol, dave] = [1000, 1001, 1002, 1003];

let audit: RecordingAudit;
let approvals: Approvals;
let officers: Person[];
let node: string;

const officer = (uid: number): Person => ({ uid, user: `u${uid}` });

beforeEach(() => {
  audit = new RecordingAudit();
  officers = [alice, bob, carol, dave].map(officer);
  node = "n1";
  approvals = create();
});

function create(): Approvals {
  const people = { officers: async () => officers };
  return new Approvals({ audit, people, node, lifetimeSeconds: 3600 });
}

function person(uid: number, loginuid = uid, user = `u${uid}`): Call {
  const caller = { connection: ":1.1", uid, user, loginuid, gids: [], pid: 1, label: "" };
  const { signal } = new AbortController();
  return { id: "0", caller, member: "tenants.Delete", signal, approvers: [], note: () => {} };
}

function ask(rule: unknown, call = person(alice), state = "s"): Promise<string[]> {
  const quorum = async () => rule;
  return approvals.require({ call, method, about: {}, inputs, state, quorum });
}

async function request(rule: unknown, call = person(alice)) {
  await expect(ask(rule, call)).rejects.toMatchObject({ code: "NeedsApproval" });
  const [record] = await approvals.handlers.List(call);
  if (record === undefined) throw new Error("no request");
  return record;
}

const approve = (by: Call, { id, hash }: { id: string; hash: string }) =>
  approvals.handlers.Approve(by, id, hash);

const denied = { code: "Denied" };
const two: Quorum = { needed: 2 };

test.each([
  ["0", { needed: 0 }],
  ["-1", { needed: -1 }],
  ["NaN", { needed: Number.NaN }],
  ["a text", { needed: "2" }],
  ["one and a half", { needed: 1.5 }],
  ["an omitted number", {}],
  ["an omitted rule", undefined],
  ["null", null],
  ["a list of nobody", { needed: 1, approvers: [] }],
  ["an unknown member", { needed: 1, aprovers: [officer(bob)] }],
])("a quorum that is %s fails closed, when it is set and when it is used", async (_what, rule) => {
  expect(() => checkQuorum(rule, [alice], officers)).toThrow("no quorum");
  await expect(ask(rule)).rejects.toMatchObject(denied);
  expect(audit.entries).toEqual([]);
});

test("a rule that cannot be read refuses the act", async () => {
  const quorum = () => Promise.reject(new Error("the token is gone"));
  const asked = { call: person(alice), method, about: {}, inputs, state: "s", quorum };
  await expect(approvals.require(asked)).rejects.toThrow("the token is gone");
});

test("a rule cannot need fewer people than the contract", async () => {
  const quorum = async () => ({ needed: 1 });
  const strict = { ...method, approvals: 2 };
  const asked = { call: person(alice), method: strict, about: {}, inputs, state: "s", quorum };
  await expect(approvals.require(asked)).rejects.toMatchObject(denied);
});

test("a quorum cannot need more people than it names, nor name one twice", () => {
  const more = { needed: 2, approvers: [officer(bob)] };
  expect(() => checkQuorum(more, [alice], officers)).toThrow("more people than it names");
  const twice = { needed: 2, approvers: [officer(bob), officer(bob)] };
  expect(() => checkQuorum(twice, [alice], officers)).toThrow("each person once");
});

test("a quorum that only the requester could fill is refused, and names who could", async () => {
  const rule = { needed: 2, approvers: [officer(alice), officer(bob)] };
  expect(() => checkQuorum(rule, [alice], officers)).toThrow(
    "only u1001 can. Nobody approves what",
  );
  await expect(ask(rule)).rejects.toMatchObject(denied);
  expect(checkQuorum(rule, [carol], officers)).toEqual(rule);
  await expect(ask({ needed: 4 })).rejects.toThrow("only u1001, u1002, u1003 can");
});

test("m of n different people approve, and a request says of whom it waits", async () => {
  const record = await request(two);
  expect(record).toMatchObject({ needed: 2, candidates: [bob, carol, dave].map(officer) });
  expect(await approve(person(bob), record)).toMatchObject({ state: "pending" });
  await expect(ask(two)).rejects.toThrow("2 other people, of whom 1 approved");
  await expect(approve(person(bob), record)).rejects.toThrow("has your approval already");
  expect(await approve(person(dave), record)).toMatchObject({ state: "approved" });
  expect(await ask(two)).toEqual(["u1001", "u1003"]);
  await expect(ask(two)).rejects.toMatchObject({ code: "NeedsApproval" });
});

test("one person does not fill two places with su and sudo", async () => {
  const record = await request(two);
  await approve(person(bob), record);
  for (const again of [person(0, bob), person(carol, bob)]) {
    await expect(approve(again, record)).rejects.toThrow("has your approval already");
  }
});

test("nobody approves a request of his own, whatever su and sudo make of him", async () => {
  const record = await request(two);
  for (const self of [person(alice), person(0, alice), person(bob, alice)]) {
    await expect(approve(self, record)).rejects.toThrow("Nobody approves a request of his own");
  }
  const asRoot = await request(two, person(0, alice));
  await expect(approve(person(alice), asRoot)).rejects.toThrow("request of his own");
});

test("root is nobody by himself under a rule, and the officer who logged in behind him is", async () => {
  const record = await request(two);
  await expect(approve(person(0, 0, "root"), record)).rejects.toMatchObject(denied);
  await expect(approve(person(0, -1, "root"), record)).rejects.toMatchObject(denied);
  expect(await approve(person(0, bob, "root"), record)).toMatchObject({ approvers: ["u1001"] });
});

test("only the people whom the rule names count, by user id", async () => {
  const rule = { needed: 1, approvers: [officer(bob)] };
  const record = await request(rule);
  expect(record.candidates).toEqual([officer(bob)]);
  await expect(approve(person(carol), record)).rejects.toThrow("none of those who may approve");
  // The same login name is not the same person.
  await expect(approve(person(carol, carol, "u1001"), record)).rejects.toMatchObject(denied);
  await approve(person(bob), record);
  expect(await ask(rule)).toEqual(["u1001"]);
});

test("a user id that somebody else has by now names nobody", async () => {
  const rule = { needed: 1, approvers: [officer(bob)] };
  officers = [officer(alice), { uid: bob, user: "mallory" }];
  await expect(ask(rule)).rejects.toThrow("Not security officers of this node now: u1001");
});

test("somebody of another group of the same name is no officer", async () => {
  const record = await request(two);
  officers = [alice, carol, dave].map(officer);
  // polkit let him through by the name of his group; the node's own group has not got him.
  await expect(approve(person(bob), record)).rejects.toMatchObject(denied);
});

test("an approver who is no officer any more when it is carried out counts no more", async () => {
  const record = await request(two);
  await approve(person(bob), record);
  await approve(person(carol), record);
  officers = [alice, bob, dave].map(officer);
  await expect(ask(two)).rejects.toThrow("The approval of u1002 counts no more");
  const [after] = await approvals.handlers.List(person(alice));
  expect(after).toMatchObject({ id: record.id, state: "pending", approvers: ["u1001"] });
  // Nor after a restart, nor when that person is an officer again.
  officers.push(officer(carol));
  approvals = create();
  approvals.restore(audit.entries);
  await expect(ask(two)).rejects.toMatchObject({ code: "NeedsApproval" });
  await approve(person(dave), record);
  expect(await ask(two)).toEqual(["u1001", "u1003"]);
});

test("when too few officers are left to fill it, nothing is carried out", async () => {
  const record = await request(two);
  await approve(person(bob), record);
  await approve(person(carol), record);
  officers = [alice, bob].map(officer);
  await expect(ask(two)).rejects.toThrow("2 must approve this, and only u1001 can.");
});

test("without a rule, an approver who lost the group counts no more either", async () => {
  const asked = { call: person(alice), method, about: {}, inputs, state: "s" };
  await expect(approvals.require(asked)).rejects.toMatchObject({ code: "NeedsApproval" });
  const [record] = await approvals.handlers.List(person(alice));
  if (record === undefined) throw new Error("no request");
  await approve(person(bob), record);
  officers = [];
  await expect(approvals.require(asked)).rejects.toThrow("counts no more");
});

test("nothing is approved or carried out while nobody can tell who is an officer", async () => {
  const record = await request(two);
  const people = { officers: () => Promise.reject(new Error("no directory")) };
  const later = new Approvals({ audit, people, node, lifetimeSeconds: 3600 });
  later.restore(audit.entries);
  await expect(later.handlers.Approve(person(bob), record.id, record.hash)).rejects.toThrow();
  const quorum = async () => two;
  const asked = { call: person(alice), method, about: {}, inputs, state: "s", quorum };
  await expect(later.require(asked)).rejects.toThrow("no directory");
});

test("an approval holds for one quorum, requester, target, node and set of arguments", async () => {
  const record = await request(two);
  await approve(person(bob), record);
  await approve(person(carol), record);
  const needs = { code: "NeedsApproval" };
  await expect(ask({ needed: 1 })).rejects.toMatchObject(needs);
  await expect(ask({ ...two, approvers: officers.slice(1) })).rejects.toMatchObject(needs);
  await expect(ask(two, person(dave))).rejects.toMatchObject(needs);
  await expect(ask(two, person(alice), "changed")).rejects.toMatchObject(needs);
  await expect(ask(two, person(alice, bob))).rejects.toMatchObject(needs);
  node = "n2";
  const elsewhere = create();
  elsewhere.restore(audit.entries);
  approvals = elsewhere;
  await expect(ask(two)).rejects.toMatchObject(needs);
});
