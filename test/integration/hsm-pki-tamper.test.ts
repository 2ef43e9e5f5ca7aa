/** Files behind the agent's back: taken out, put in and changed; the audit log knows better. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PkiAgency } from "../lib/pki-agency.ts";
import { fakeCall } from "../lib/pki-bed.ts";

let acme: PkiAgency;

beforeAll(async () => {
  acme = await PkiAgency.make({ postQuantum: true });
});
afterAll(() => acme.end());

test("a revocation whose file is taken out still holds, and is an alarm", async () => {
  const issued = await acme.issue("rita");
  await acme.revoke(issued.serial, "keyCompromise");
  expect(await acme.alarms()).toEqual([]);
  rmSync(join(acme.folder(), "revoked", issued.serial));
  expect(await acme.alarms()).toMatchObject([expect.stringMatching(/Revocations are missing/)]);
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([expect.stringContaining(issued.serial)]);
  await acme.list();
  expect(acme.verify("rita", true)).toContain("error 23");
  await acme.revoke(issued.serial, "superseded");
  expect(await acme.alarms()).toEqual([]);
});

test("a certificate that is taken out can still be revoked, and a strange one counts for nothing", async () => {
  const issued = await acme.issue("olaf");
  const file = join(acme.folder(), "certs", `${issued.serial}.pem`);
  renameSync(file, `${file}.gone`);
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([
    expect.stringMatching(/Certificates that were issued are missing/),
    expect.stringMatching(/cannot be understood/),
  ]);
  const revoked = await acme.revoke(issued.serial, "keyCompromise");
  expect(revoked.state).toBe("revoked");
  renameSync(`${file}.gone`, file);
  // The same names, signed by somebody else.
  const serial = "4".repeat(32);
  acme.ssl.run(
    "req",
    "-x509",
    "-key",
    "olaf.key",
    "-subj",
    "/O=acme/CN=olaf",
    "-out",
    "fake.pem",
    "-set_serial",
    `0x${serial}`,
  );
  writeFileSync(
    join(acme.folder(), "certs", `${serial}.pem`),
    readFileSync(join(acme.ssl.directory, "fake.pem")),
  );
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([
    expect.stringMatching(/not what this authority issued/),
  ]);
  const asked = acme.handlers.Certificate(fakeCall("Certificate"), "acme", serial);
  await expect(asked).rejects.toMatchObject({ code: "NotFound" });
  rmSync(join(acme.folder(), "certs", `${serial}.pem`));
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
});

test("what the agent did not live to put on record is taken up at the next start", async () => {
  const request = acme.csr("kay");
  const { handlers } = acme.bed.answers;
  const about = { actor: "jane", uid: 1000, tenant: "acme", outcome: "intent" } as const;
  await acme.bed.audit.append({ action: "hsm.Issue", call: "broken off", ...about });
  const issued = await handlers.Issue(fakeCall("Issue"), "acme", "person", request, 30);
  await acme.bed.audit.append({ action: "hsm.Revoke", object: issued.serial, ...about });
  await handlers.Revoke(fakeCall("Revoke"), "acme", issued.serial, "superseded");
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
  const found = acme.bed.audit.entries.filter(({ action }) => action === "hsm.FoundCertificate");
  expect(found.filter(({ object }) => object === issued.serial)).toHaveLength(2);
});

test("a revocation that somebody plants holds, and is an alarm until a person confirms it", async () => {
  const issued = await acme.issue("vera");
  const file = join(acme.folder(), "revoked", issued.serial);
  writeFileSync(file, JSON.stringify({ at: Date.now(), reason: "superseded" }));
  expect(await acme.alarms()).toMatchObject([
    expect.stringMatching(/nobody asked for: .*confirm it/),
  ]);
  await acme.list();
  expect(acme.verify("vera", true)).toContain("error 23");
  // It was on a list, and no list loses an entry.
  rmSync(file);
  acme.bed.again();
  expect(await acme.alarms()).toHaveLength(2);
  await acme.list();
  expect(acme.verify("vera", true)).toContain("error 23");
  await acme.revoke(issued.serial);
  expect(await acme.alarms()).toEqual([]);
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
});

test("a certificate that the authority signed and nobody asked for is an alarm until it is revoked", async () => {
  // As somebody would who reached the token without the agent.
  const request = acme.csr("mole");
  const { handlers } = acme.bed.answers;
  const issued = await handlers.Issue(fakeCall("Issue"), "acme", "person", request, 30);
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([expect.stringContaining(issued.serial)]);
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([expect.stringMatching(/nobody asked for them/)]);
  await acme.revoke(issued.serial, "keyCompromise");
  expect(await acme.alarms()).toEqual([]);
});

test("files that are changed are noticed, and nothing is renewed or handed out from them", async () => {
  const [issued, other] = [await acme.issue("wanda"), await acme.issue("walter")];
  await acme.revoke(other.serial, "keyCompromise");
  const file = join(acme.folder(), "certs", `${issued.serial}.pem`);
  const revoked = join(acme.folder(), "revoked", other.serial);
  const list = join(acme.folder(), "list.json");
  const before = [file, revoked, list].map((each) => readFileSync(each));
  const findings = async () => {
    const found: string[] = [];
    const failed = await acme.bed.answers.look(async (_token, all) => {
      found.push(...all.map(({ kind }) => kind));
    });
    expect(failed).toEqual([]);
    return found;
  };
  expect(await findings()).toEqual([]);
  const [pem = "", beside = ""] = String(before[0]).split(/(?<=END CERTIFICATE-----\n)/);
  writeFileSync(file, pem + beside.replace(/.{8}\n-----END/, "AAAAAAA=\n-----END"));
  writeFileSync(revoked, JSON.stringify({ at: 0, reason: "superseded" }));
  writeFileSync(list, JSON.stringify({ number: 9e15, thisUpdate: Date.now() + 1e12 }));
  const wrong = ["certificateForeign", "revocationChanged", "listChanged"];
  expect(await findings()).toEqual(wrong);
  const { handlers } = acme.bed.answers;
  const read = handlers.Certificate(fakeCall("Certificate"), "acme", issued.serial);
  await expect(read).rejects.toMatchObject({ message: expect.stringMatching(/changed it/) });
  const renewed = handlers.Renew(fakeCall("Renew"), "acme", issued.serial);
  await expect(renewed).rejects.toMatchObject({ code: "Unavailable" });
  acme.bed.again();
  expect(await findings()).toEqual(wrong);
  const made = await acme.handlers.Crl(fakeCall("Crl"), "acme");
  expect(made.number).toBeLessThan(Date.now());
  for (const [at, each] of [file, revoked].entries()) writeFileSync(each, String(before[at]));
  expect(await findings()).toEqual([]);
});

test("a directory that is gone whole un-revokes nothing, and is an alarm at the start", async () => {
  const issued = await acme.issue("greta");
  await acme.revoke(issued.serial, "keyCompromise");
  const gone = `${acme.bed.directory}.gone`;
  renameSync(acme.bed.directory, gone);
  acme.bed.again();
  const kinds = new Set<string>();
  await acme.bed.answers.look(async (_token, all) =>
    all.forEach(({ kind }) => void kinds.add(kind)),
  );
  expect([...kinds].sort()).toEqual(["certificateMissing", "listChanged", "revocationMissing"]);
  const { state } = (
    await acme.handlers.Certificates(fakeCall("Certificates"), {
      ...{ search: issued.serial, order: "name", descending: false, cursor: "", limit: 10 },
    })
  ).rows[0] ?? { state: "" };
  expect(state).toBe("revoked");
  rmSync(acme.bed.directory, { recursive: true });
  renameSync(gone, acme.bed.directory);
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
});

test("entries that the record loses are missed against the newest list", async () => {
  const issued = await acme.issue("lotte");
  await acme.revoke(issued.serial);
  rmSync(join(acme.folder(), "revoked", issued.serial));
  const entries = [...acme.bed.audit.entries];
  const rest = entries.filter(({ object }) => object !== issued.serial);
  acme.bed.audit.entries.splice(0, entries.length, ...rest);
  acme.bed.again();
  expect(await acme.alarms()).toMatchObject([
    expect.stringMatching(/had 1 more than are known of/),
  ]);
  acme.bed.audit.entries.splice(0, rest.length, ...entries);
  acme.bed.again();
  await acme.revoke(issued.serial);
  expect(await acme.alarms()).toEqual([]);
});

test("nothing is said of certificates while the audit log cannot be read", async () => {
  acme.bed.audit.failure = new Error("no log");
  acme.bed.again();
  const list = acme.handlers.Crl(fakeCall("Crl"), "acme");
  await expect(list).rejects.toMatchObject({
    ...{ code: "Unavailable", message: expect.stringMatching(/could not be compared/) },
  });
  acme.bed.audit.failure = undefined;
  await acme.list();
});

test("what holds longer than the log remembers is put on record anew", async () => {
  const issued = await acme.issue("ilse");
  await acme.revoke(issued.serial);
  const kept = () =>
    acme.bed.audit.entries.filter(
      ({ object, details }) => object === issued.serial && details?.kept === true,
    );
  const look = () => acme.bed.answers.look(async () => {});
  await look();
  expect(kept()).toEqual([]);
  acme.bed.clock.ahead = 86_400_000 * 80;
  acme.bed.clock.retentionDays = 100;
  acme.bed.again();
  await look();
  await look();
  expect(kept()).toHaveLength(2);
  const entries = [...acme.bed.audit.entries];
  const young = entries.filter((entry) => entry.object !== issued.serial || kept().includes(entry));
  acme.bed.audit.entries.splice(0, entries.length, ...young);
  acme.bed.again();
  expect(await acme.alarms()).toEqual([]);
  acme.bed.audit.entries.splice(0, young.length, ...entries);
  acme.bed.clock.retentionDays = 400;
  acme.bed.clock.ahead = 0;
  acme.bed.again();
});
