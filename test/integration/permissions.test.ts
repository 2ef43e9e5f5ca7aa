/** Every member of every contract, as everybody, over the real bus with the real polkit. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Argument, Interface, Method } from "../../agent/bus/contract.ts";
import { contracts } from "../../agent/contracts.ts";
import { type Answer, Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";

const columns = ["nobody", "viewer", "operator", "officer", "auditor", "root"] as const;
type Column = (typeof columns)[number];

const persons = new Map<Column, Person>();

beforeAll(async () => {
  for (const column of columns) {
    persons.set(column, await Person.as(column === "root" ? "root" : people[column]));
  }
});
afterAll(() => {
  for (const person of persons.values()) person.end();
});

/** Values that pass the schema and name nothing that exists, so that nothing is done. */
const samples: Record<string, unknown> = {
  name: "no-such-thing",
  tenant: "no-such-thing",
  names: ["no-such-thing"],
  file: "no-such-file",
  alias: "no-such-alias",
  fingerprint: "0123456789ab",
  snapshot: "no-such-snapshot",
  request: "0000000000000000",
  job: "0000000000000000",
  hash: "0".repeat(128),
  reason: "none",
  node: "no-such-node",
  force: false,
  removeContents: false,
  graceSeconds: 60,
  filter: {},
  sequence: "999999999",
  instant: "2026-01-31T12:00:00.000Z",
  question: { agency: "no-such-thing", dataflow: true },
  source: "no_such_t",
  target: "no_such_t",
  class: "file",
  boolean: "no_such_boolean",
  policy: "0".repeat(64),
  before: "0".repeat(64),
  after: "loaded",
  options: {},
  value: false,
  paths: ["/no/such/file"],
  change: {},
  size: {},
  schedule: { schedule: "@daily" },
  script: "no-such-script",
  rehearsal: true,
  ceremony: "0000000000000000",
  step: "no-such-step",
  driver: "nosuch",
  token: "nosuch/no-such-thing",
  key: "no-such-key",
  version: 0,
  days: 30,
  wait: 30,
  rules: { live: ["UK"], use: ["UK"] },
  case: { act: "create", token: "UK" },
  purpose: "none",
  month: "2026-11",
  context: "",
  message: "",
  signature: "",
  plaintext: "",
  ciphertext: "",
  envelope: "",
  wrapped: "AAAA",
  count: 1,
  bytes: 1,
  profile: "person",
  csr: "AAAA",
  serial: "4".repeat(32),
  revocation: "superseded",
  volume: "no-such-volume",
  mapSerial: 1,
  mapHash: "0".repeat(64),
  map: "AAAA",
  clusterChange: { what: "out", osd: 999_999 },
  osdChange: { what: "out", osd: 999_999, reason: "none" },
  pool: "no-such-pool",
  rule: "no-such-rule",
  flag: "noscrub",
  minutes: 1,
  cursor: "",
  capacity: "1GiB",
  // For documentation, so that no node has it.
  address: "192.0.2.1",
  cluster: "0".repeat(64),
  invitation: "AAAA",
  recipient: {
    ...{ tenant: "no-such-thing", key: "no-such-key", version: 1, region: "UK" },
    publicKey: "AAAA",
  },
};
const specs: Record<string, unknown> = {
  "cluster.Drill": { kind: "stop", reason: "none" },
  "instances.Create": { image: "no-such-image" },
  "hsm.CreateAuthority": {},
  "hsm.RollAuthority": {},
  "ceph.CreateVolume": { name: "no-such-volume", size: "1GiB" },
  "hsm.CreateKey": { name: "no-such-key", algorithm: "P-384" },
  "audit.Export": { form: "disclosed", tenant: "no-such-thing" },
  // A domain that the schema accepts; the name is taken from the samples and must not be created.
  "tenants.Create": { domain: "nosuch_t", quota: { cpu: "1", ram: "1GiB", storage: "1GiB" } },
};

function sample(contract: Interface, member: string, argument: Argument): unknown {
  const key = `${contract.subsystem}.${member}`;
  const value = argument.name === "spec" ? specs[key] : samples[argument.name];
  if (value === undefined) throw new Error(`no sample for ${key} ${argument.name}`);
  return value;
}

function mayCall(column: Column, contract: Interface, method: Method): boolean {
  if (column === "root") return true;
  const allowed: readonly string[] = contract.actions[method.action]?.roles ?? [];
  return allowed.includes(column);
}

/** Refused by the bus, or by the agent after it asked polkit. */
function isRefusal({ error }: Answer): boolean {
  return (
    error?.name === "org.freedesktop.DBus.Error.AccessDenied" ||
    error?.name === "org.dsecos.Error.Denied"
  );
}

for (const contract of contracts) {
  describe(contract.name, () => {
    for (const [member, method] of Object.entries(contract.methods) as [string, Method][]) {
      test.each(columns)(`${member} as %s`, async (column) => {
        const person = persons.get(column);
        if (person === undefined) throw new Error(`no ${column}`);
        const object = contract.object === undefined ? [] : [samples.job];
        const inputs = method.in.map((argument) => sample(contract, member, argument));
        const answer = await person.try(contract, member, ...object, ...inputs);
        const everybody = contract.name === "org.dsecos.Agent1" && column === "nobody";
        if (everybody) {
          // Reaches the agent, so that a page can say what is missing, and is refused there.
          expect(answer.error?.name).toBe("org.dsecos.Error.Denied");
          return;
        }
        const what = JSON.stringify(answer.error);
        expect(isRefusal(answer), what).toBe(!mayCall(column, contract, method));
      });
    }
  });
}
