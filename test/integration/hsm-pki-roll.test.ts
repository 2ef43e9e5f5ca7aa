/**
 * New keys for authorities while certificates of the old ones hold, addresses in certificates, and
 * answers that a key signs which the authority certified for that; openssl judges.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import type { RollSpec } from "../../agent/hsm/pki/answers.ts";
import { PkiAgency } from "../lib/pki-agency.ts";
import { fakeCall } from "../lib/pki-bed.ts";

let acme: PkiAgency;
const urls = {
  listUrl: "http://pki.example.org/acme/{key}.crl",
  issuerUrl: "http://pki.example.org/acme/{key}.cer",
  statusUrl: "http://pki.example.org/acme/ocsp",
};

beforeAll(async () => {
  acme = await PkiAgency.make({ postQuantum: true, ...urls });
});
afterAll(() => acme.end());

function roll(owner: string, spec: RollSpec = {}) {
  const work = (call: Call) => acme.handlers.RollAuthority(call, owner, spec);
  return acme.bed.call("RollAuthority", work, { tenant: owner });
}

function ocsp(...args: string[]): string {
  const trust = ["-CAfile", "root.pem", "-verify_other", "chain.pem"];
  return acme.ssl.run("ocsp", ...args, ...trust);
}

async function answerOf(issuer: string, name: string, ...how: string[]): Promise<Buffer> {
  acme.ssl.run("ocsp", "-issuer", issuer, "-cert", `${name}.pem`, ...how, "-reqout", "q.der");
  const request = readFileSync(join(acme.ssl.directory, "q.der")).toString("base64");
  const response = await acme.handlers.Ocsp(fakeCall("Ocsp"), "acme", request);
  const der = Buffer.from(response, "base64");
  acme.ssl.write("r.der", der);
  return der;
}

const uses = (key: string) =>
  acme.bed.audit.entries.filter(
    ({ details }) => (details?.receipt as { key?: string } | undefined)?.key === key,
  ).length;

test("certificates name where their list, their issuer and answers about them are", async () => {
  await acme.issue("ada");
  const text = acme.ssl.run("x509", "-in", "ada.pem", "-noout", "-text");
  const { authorityKey } = await acme.list();
  const key = authorityKey.slice(0, 16);
  expect(text).toContain(`URI:http://pki.example.org/acme/${key}.crl`);
  expect(text).toContain(`CA Issuers - URI:http://pki.example.org/acme/${key}.cer`);
  expect(text).toContain("OCSP - URI:http://pki.example.org/acme/ocsp");
  expect(acme.verify("ada")).toContain("OK");
  const chain = acme.ssl.run("x509", "-in", "chain.pem", "-noout", "-text");
  // Of the root's lists, not its own.
  expect(chain).toContain("http://pki.example.org/acme/");
  expect(chain).not.toContain(key);
  const root = acme.ssl.run("x509", "-in", "root.pem", "-noout", "-text");
  expect(root).not.toContain("URI:");
});

test("answers are signed by a key that the authority certified once, and kept where nobody gives a nonce", async () => {
  await acme.issue("bea");
  const before = uses("authority");
  const first = await answerOf("chain.pem", "bea", "-no_nonce");
  expect(
    ocsp("-issuer", "chain.pem", "-cert", "bea.pem", "-no_nonce", "-respin", "r.der"),
  ).toContain("bea.pem: good");
  const signatures = [uses("authority"), uses("authority-ocsp")];
  expect(signatures[0]).toBeLessThanOrEqual(before + 1);
  for (let i = 0; i < 3; i += 1)
    expect((await answerOf("chain.pem", "bea", "-no_nonce")).equals(first)).toBe(true);
  expect([uses("authority"), uses("authority-ocsp")]).toEqual(signatures);
  expect((await answerOf("chain.pem", "bea")).equals(first)).toBe(false);
  ocsp("-reqin", "q.der", "-respin", "r.der");
  expect(uses("authority")).toBe(signatures[0]);
  // Neither a restart nor time wears the authority's key out.
  acme.bed.again();
  await answerOf("chain.pem", "bea");
  expect(uses("authority")).toBe(signatures[0]);
  acme.bed.clock.ahead = 86_400_000 * 20;
  acme.bed.again();
  await answerOf("chain.pem", "bea");
  expect(uses("authority")).toBe((signatures[0] ?? 0) + 1);
  acme.bed.clock.ahead = 0;
  acme.bed.again();
});

test("a kept answer does not outlive a revocation", async () => {
  const { serial } = await acme.issue("cleo");
  await answerOf("chain.pem", "cleo", "-no_nonce");
  await acme.revoke(serial);
  await answerOf("chain.pem", "cleo", "-no_nonce");
  const about = ["-issuer", "chain.pem", "-cert", "cleo.pem", "-no_nonce"];
  expect(ocsp(...about, "-respin", "r.der")).toContain("cleo.pem: revoked");
});

test("what an authority signed before it was rolled over is listed, answered and revoked on", async () => {
  const old = await acme.issue("dan");
  const gone = await acme.issue("eve");
  await acme.list();
  acme.ssl.write("chain-old.pem", readFileSync(join(acme.ssl.directory, "chain.pem")));
  const before = (await acme.list()).authorityKey;
  const row = await roll("acme");
  expect(row).toMatchObject({ alarms: [], former: [{ authorityKey: before }], ...urls });
  await acme.writeChain();
  await acme.issue("finn");
  const list = await acme.list();
  expect(list.authorityKey).not.toBe(before);
  expect(acme.verify("finn")).toContain("OK");
  await acme.revoke(gone.serial);
  const [former] = (await acme.list()).former;
  expect(former).toMatchObject({ authorityKey: before, entries: 2 });
  const how = ["verify", "-x509_strict", "-crl_check", "-CAfile", "root.pem"];
  const both = [...how, "-CRLfile", "both.pem", "-untrusted", "chains.pem"];
  const text = (name: string) => readFileSync(join(acme.ssl.directory, name), "utf8");
  acme.ssl.write("both.pem", list.pem + (former?.pem ?? ""));
  acme.ssl.write("chains.pem", text("chain.pem") + text("chain-old.pem"));
  expect(acme.ssl.run(...both, "dan.pem")).toContain("OK");
  expect(acme.ssl.run(...both, "finn.pem")).toContain("OK");
  expect(acme.ssl.fails(...both, "eve.pem")).toContain("error 23");
  await answerOf("chain-old.pem", "eve");
  const trust = ["-CAfile", "root.pem", "-verify_other", "chain-old.pem"];
  const about = ["-issuer", "chain-old.pem", "-cert", "eve.pem", "-no_nonce"];
  expect(acme.ssl.run("ocsp", ...about, "-respin", "r.der", ...trust)).toContain(": revoked");
  // After a start it is all still known, and what is renewed gets the new key's signature.
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
  const filter = { order: "name", descending: false, cursor: "", limit: 50, search: "" } as const;
  const page = await acme.handlers.Certificates(fakeCall("Certificates"), filter);
  const names = page.rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["dan", "eve", "finn"]));
  const renewed = await acme.bed.call("Renew", (call) =>
    acme.handlers.Renew(call, "acme", old.serial),
  );
  acme.ssl.write("renewed.pem", renewed.pem);
  acme.ssl.write("now.pem", renewed.chain);
  const only = ["-untrusted", "now.pem", "-CRLfile", "both.pem", "renewed.pem"];
  expect(acme.ssl.run(...how, ...only)).toContain("OK");
});

test("the node's old root and its new one vouch for each other", async () => {
  const oldRoot = readFileSync(join(acme.ssl.directory, "root.pem"));
  acme.ssl.write("old-root.pem", oldRoot);
  await acme.issue("gil");
  acme.ssl.write("gil-chain.pem", readFileSync(join(acme.ssl.directory, "chain.pem")));
  await roll("=node", { listUrl: "http://pki.example.org/root/{key}.crl" });
  await roll("acme");
  const { root, cross } = await acme.handlers.Chain(fakeCall("Chain"), "acme");
  await acme.writeChain();
  acme.ssl.write("new-root.pem", root);
  expect(root).not.toBe(oldRoot.toString());
  await acme.issue("hal");
  await acme.list();
  const verify = (name: string, trusted: string, chain: string) => {
    const text = readFileSync(join(acme.ssl.directory, chain), "utf8");
    // Without the root: only what is trusted ends the chain.
    const [authority = ""] = text.split(/(?<=END CERTIFICATE-----\n)/);
    acme.ssl.write("between.pem", authority + cross);
    const how = ["verify", "-x509_strict", "-CAfile", trusted, "-untrusted", "between.pem"];
    return acme.ssl.run(...how, "-purpose", "sslclient", `${name}.pem`);
  };
  expect(verify("gil", "old-root.pem", "gil-chain.pem")).toContain("OK");
  expect(verify("hal", "new-root.pem", "chain.pem")).toContain("OK");
  expect(verify("gil", "new-root.pem", "gil-chain.pem")).toContain("OK");
  expect(verify("hal", "old-root.pem", "chain.pem")).toContain("OK");
  const { rows } = await acme.handlers.Authorities(fakeCall("Authorities"));
  expect(rows.map(({ former, alarms }) => [former.length, alarms])).toEqual([
    [1, []],
    [2, []],
  ]);
});

test("an address without the key's place, or of https, is none", async () => {
  const { rollSpecSchema } = await import("../../agent/hsm/pki/answers.ts");
  const { safeParse } = await import("valibot");
  expect(safeParse(rollSpecSchema, urls).success).toBe(true);
  expect(safeParse(rollSpecSchema, { listUrl: "http://a.example/x.crl" }).success).toBe(false);
  expect(safeParse(rollSpecSchema, { statusUrl: "https://a.example/ocsp" }).success).toBe(false);
  expect(safeParse(rollSpecSchema, { issuerUrl: "http://a b/{key}" }).success).toBe(false);
});

test("what ends soon is told until its holder has a newer one", async () => {
  const told = async () => (await acme.bed.answers.ends()).ends;
  const { serial } = await acme.issue("ida");
  const { nextUpdate } = await acme.list();
  const list = { kind: "revocationList", tenant: "acme", endsAt: Date.parse(nextUpdate) };
  expect(await told()).toContainEqual(expect.objectContaining(list));
  const ida = expect.objectContaining({ kind: "certificate", tenant: "acme", name: "ida", serial });
  expect(await told()).not.toContainEqual(ida);
  acme.bed.clock.ahead = 86_400_000 * 70;
  acme.bed.again();
  expect(await told()).toContainEqual(ida);
  await acme.bed.call("Renew", (call) => acme.handlers.Renew(call, "acme", serial), {
    ...{ tenant: "acme", object: serial },
  });
  expect(await told()).not.toContainEqual(ida);
  const kinds = (await told()).map(({ kind, tenant }) => `${kind} ${tenant}`);
  expect(kinds).toEqual(expect.arrayContaining(["authority =node", "authority acme"]));
});
