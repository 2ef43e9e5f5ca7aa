/**
 * Quorums of m of n on the real bus, with people of their own: the ways in which such rules are known
 * to fail, each tried by real persons against a tenant's real rules.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { probe, run } from "../../packaging/setup/lib/run.js";
import { Person } from "../lib/caller.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const tenant = "quorum-agency";
const group = "dsecos-officer";
/** Officers by a line in the group, and one whom only his primary group makes one. */
const [first, second, primary] = ["dsecos-quorum-1", "dsecos-quorum-2", "dsecos-quorum-3"];
const outsider = "dsecos-quorum-4";

const persons = new Map<string, Person>();
let requester: Person;
let directory: string;

beforeAll(async () => {
  for (const name of [first, second]) await account(name, ["--groups", group]);
  await account(primary, ["--gid", group]);
  await account(outsider, []);
  for (const name of [first, second, primary, people.operator, people.viewer]) {
    persons.set(name, await Person.as(name));
  }
  requester = await Person.as(people.officer);
  directory = mkdtempSync(join(tmpdir(), "dsecos-group-"));
  const quota = { cpu: "1", ram: "1GiB", storage: "1GiB" };
  await who(people.operator).call(tenants, "Create", tenant, { domain: "quorum_t", quota });
});
afterAll(async () => {
  for (const person of [requester, ...persons.values()]) person?.end();
  for (const name of [first, second, primary, outsider]) await probe("userdel", ["--remove", name]);
  removeTree(directory);
});

async function account(name: string, options: string[]): Promise<void> {
  await probe("userdel", ["--remove", name]);
  await run("useradd", ["--no-create-home", ...options, name]);
}

function who(name: string): Person {
  const person = persons.get(name);
  if (person === undefined) throw new Error(`no ${name}`);
  return person;
}

const uidOf = (name: string) => execFileSync("id", ["-u", name], { encoding: "utf8" }).trim();
const typed = (...names: string[]) => names.map((name) => `${uidOf(name)}:${name}`);
const rules = (quorum?: unknown) => ({ live: ["UK"], use: ["UK"], ...(quorum ? { quorum } : {}) });

function set(quorum?: unknown, by = requester) {
  return by.try(hsm, "SetRules", tenant, rules(quorum));
}

async function pending(): Promise<ApprovalRecord> {
  const list = (await requester.call(approvals, "List")) as ApprovalRecord[];
  const found = list.find((one) => one.tenant === tenant && one.state === "pending");
  if (found === undefined) throw new Error("no request waits");
  return found;
}

const approve = (by: Person, { id, hash }: ApprovalRecord) =>
  by.try(approvals, "Approve", id, hash);

/** With whoever the rule of before takes. */
async function settled(quorum: unknown, approvers: readonly string[]): Promise<void> {
  const asked = await set(quorum);
  if (asked.error === undefined) return;
  expect(asked.error.name, asked.error.message).toMatch(/NeedsApproval$/);
  const request = await pending();
  for (const name of approvers) {
    const { error } = await approve(who(name), request);
    if (error !== undefined) throw new Error(`${name}: ${error.message}`);
  }
  expect((await set(quorum)).error).toBeUndefined();
}

beforeEach(async () => {
  const list = (await requester.call(approvals, "List")) as ApprovalRecord[];
  for (const { id, state, tenant: of } of list) {
    if (of !== tenant || !["pending", "approved"].includes(state)) continue;
    await requester.try(approvals, "Withdraw", id);
  }
});

test.each([
  ["of nobody", { needed: 0 }],
  ["of less than nobody", { needed: -1 }],
  ["whose number is left out", { approvers: ["1:daemon"] }],
  ["that names nobody", { needed: 1, approvers: [] }],
  ["that needs more people than it names", { needed: 2, approvers: ["1:daemon"] }],
  ["of somebody who is no officer", { needed: 1, approvers: ["1:daemon"] }],
])("a quorum %s is refused when it is set", async (_what, quorum) => {
  const { error } = await set(quorum);
  expect(error?.name, error?.message).toMatch(/Error\.(InvalidArgument|Denied)$/);
});

test("a quorum that only its requester could fill is refused when it is set", async () => {
  const { error } = await set({ needed: 2, approvers: typed(people.officer, first) });
  expect(error?.message).toContain("Nobody approves what he asks for himself");
});

test("m of n named people, one of them by his primary group alone", async () => {
  await settled({ needed: 2, approvers: typed(first, primary, people.officer2) }, [first]);
  expect((await set()).error?.message).toContain("2 other people, of whom 0 approved");
  const request = await pending();
  expect(request.candidates.map(({ user }) => user).sort()).toEqual(
    [first, primary, people.officer2].sort(),
  );
  // Nobody approves his own request, an officer who is not named none of these.
  expect((await approve(requester, request)).error?.message).toContain("request of his own");
  expect((await approve(who(second), request)).error?.message).toContain("is none of those");
  for (const role of [people.operator, people.viewer]) {
    expect((await approve(who(role), request)).error?.name).toMatch(/Denied$/);
  }
  expect((await approve(who(first), request)).error).toBeUndefined();
  expect((await approve(who(first), request)).error?.message).toContain("your approval already");
  expect((await set()).error?.name).toMatch(/NeedsApproval$/);
  expect((await approve(who(primary), request)).error).toBeUndefined();
  expect((await set()).error).toBeUndefined();
});

test("a group of the same name in another namespace approves nothing", async () => {
  await settled(undefined, [first]);
  await set({ needed: 1, approvers: typed(first) });
  const request = await pending();
  // In its own namespace the process is in a group dsecos-officer, with another number.
  const file = join(directory, "group");
  const lines = readFileSync("/etc/group", "utf8").replace(/^dsecos-officer:.*\n/m, "");
  writeFileSync(file, `${lines}${group}:x:59900:${outsider}\n`);
  const script = 'mount --bind "$0" /etc/group && exec "$@"';
  const within = ["unshare", "--mount", "sh", "-c", script, file];
  const stranger = await Person.as(outsider, process.env, within);
  try {
    expect((await approve(stranger, request)).error?.name).toMatch(/Denied$/);
  } finally {
    stranger.end();
  }
  expect((await pending()).approvers).toEqual([]);
});

test("an approval does not outlive a change of the rules that it was to replace", async () => {
  await settled(undefined, [first]);
  const wanted = { needed: 1, approvers: typed(first, second) };
  expect((await set(wanted)).error?.name).toMatch(/NeedsApproval$/);
  await approve(who(first), await pending());
  // Meanwhile somebody else's change, which is approved, too, makes it another target.
  const other = await Person.as(people.officer2);
  try {
    const inputs = [tenant, { live: ["UK", "DE"], use: ["UK"] }];
    await other.try(hsm, "SetRules", ...inputs);
    await approve(who(first), await pending());
    expect((await other.try(hsm, "SetRules", ...inputs)).error).toBeUndefined();
  } finally {
    other.end();
  }
  expect((await set(wanted)).error?.name).toMatch(/NeedsApproval$/);
});

test("an approval is for one set of arguments and one person", async () => {
  await settled(undefined, [first]);
  expect((await set({ needed: 1, approvers: typed(first) })).error?.name).toMatch(/NeedsApproval$/);
  await approve(who(first), await pending());
  for (const answer of [
    await set({ needed: 1, approvers: typed(second) }),
    await set({ needed: 1, approvers: typed(first) }, who(second)),
  ]) {
    expect(answer.error?.name).toMatch(/NeedsApproval$/);
  }
});

test("an approver who left the group before it is carried out counts no more, and it waits for another", async () => {
  await settled(undefined, [first]);
  const wanted = { needed: 1, approvers: typed(first) };
  await set(wanted);
  await approve(who(second), await pending());
  await run("gpasswd", ["--delete", second, group]);
  try {
    expect((await set(wanted)).error?.message).toContain(`approval of ${second} counts no more`);
    await approve(who(first), await pending());
    expect((await set(wanted)).error).toBeUndefined();
  } finally {
    await run("gpasswd", ["--add", second, group]);
  }
  await settled(undefined, [first]);
});
