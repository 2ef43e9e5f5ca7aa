/** What the agent's key may is said in four places, which must say the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { acting, capabilityWords, seeing } from "../../agent/ceph/capabilities.ts";
import * as development from "../../packaging/ceph/keys.js";

const manual = readFileSync("README.md", "utf8").replaceAll("\\\n", " ").replaceAll(/\s+/g, " ");

test("the manual's commands give what the agent needs", () => {
  expect(manual).toContain(`ceph auth get-or-create ${capabilityWords("client.dsecos", seeing)}`);
  expect(manual).toContain(`ceph auth caps ${capabilityWords("client.dsecos", acting)}`);
});

test("no other command of the manual takes some of it away again", () => {
  expect(manual.match(/ceph auth caps client\.dsecos /g)).toHaveLength(1);
});

test("development clusters give the same", () => {
  const rights = (text: string) => text.split(", ").sort();
  for (const kind of ["mon", "mgr", "osd"] as const) {
    expect(rights(development.seeing[kind])).toEqual(rights(seeing[kind]));
    expect(rights(development.acting[kind])).toEqual(rights(acting[kind]));
  }
});
