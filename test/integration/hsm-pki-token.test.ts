/** Authorities whose keys are in SoftHSM, behind the real driver; OpenSSL judges what they issue. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../agent/bus/call.ts";
import type { CertificateFiles } from "../../agent/hsm/pki/answers.ts";
import { OpensslBed } from "../lib/pki.ts";
import { createPkiBed, fakeCall, type PkiBed } from "../lib/pki-bed.ts";

let bed: PkiBed;
const ssl = new OpensslBed();

beforeAll(async () => {
  bed = await createPkiBed();
  await bed.token("acme");
  const { handlers } = bed.answers;
  const spec = { selfSigned: false, hosts: [], postQuantum: true };
  await bed.call("CreateAuthority", (call) => handlers.CreateAuthority(call, "=node", spec));
  await bed.call("CreateAuthority", (call) =>
    handlers.CreateAuthority(call, "acme", { ...spec, hosts: ["acme.example.org"] }),
  );
  const chain = await handlers.Chain(fakeCall("Chain"), "acme");
  ssl.write("root.pem", chain.root);
  ssl.write("chain.pem", chain.pem);
});
afterAll(async () => {
  ssl.close();
  await bed.remove();
});

function csr(name: string, ...args: string[]): string {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  const given = args.length > 0 ? args : ["-subj", `/CN=${name}`];
  ssl.run("req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...given);
  return readFileSync(join(ssl.directory, `${name}.csr`)).toString("base64");
}

async function issue(name: string, profile: "person" | "service" = "person", ...args: string[]) {
  const request = csr(name, ...args);
  const issued = await bed.call("Issue", (call) =>
    bed.answers.handlers.Issue(call, "acme", profile, request, 90),
  );
  ssl.write(`${name}.pem`, issued.pem);
  return issued;
}

function revoke(serial: string, reason: "keyCompromise" | "superseded" = "superseded") {
  const work = (call: Call) => bed.answers.handlers.Revoke(call, "acme", serial, reason);
  return bed.call("Revoke", work, { tenant: "acme", object: serial });
}

async function writeList(): Promise<void> {
  const list = await bed.answers.handlers.Crl(fakeCall("Crl"), "acme");
  ssl.write("list.pem", list.pem);
}

const verify = (name: string, purpose = "sslclient") => [
  ...["verify", "-x509_strict", "-purpose", purpose, "-crl_check", "-CAfile", "root.pem"],
  ...["-untrusted", "chain.pem", "-CRLfile", "list.pem", `${name}.pem`],
];

test("a key of an authority begins by the tenant's rules, as all its keys do", () => {
  // The node's root is nobody's, and no tenant's rules speak of it.
  expect(bed.lived).toEqual(["acme"]);
});

test("an approval of an agency holds for one authority", async () => {
  csr("branch");
  const text = readFileSync(join(ssl.directory, "branch.csr"), "utf8");
  const { IssueAgency } = bed.answers.fingerprints;
  const own = await IssueAgency(fakeCall("IssueAgency"), "acme", text);
  expect(own).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  // The second person saw another one.
  await bed.token("other");
  const spec = { selfSigned: true, hosts: [], postQuantum: false };
  await bed.call("CreateAuthority", (call) =>
    bed.answers.handlers.CreateAuthority(call, "other", spec),
  );
  expect(await IssueAgency(fakeCall("IssueAgency"), "other", text)).not.toBe(own);
});

test("the node's root signs nothing but authorities of tenants", async () => {
  const { handlers, fingerprints } = bed.answers;
  const request = csr("jane");
  const text = readFileSync(join(ssl.directory, "jane.csr"), "utf8");
  const before = bed.audit.entries.length;
  const ways: (() => Promise<unknown>)[] = [
    () => handlers.Issue(fakeCall("Issue"), "=node", "person", request, 90),
    () => handlers.IssueAgency(fakeCall("IssueAgency"), "=node", text, 365),
    () => fingerprints.IssueAgency(fakeCall("IssueAgency"), "=node", text),
  ];
  for (const way of ways) await expect(way()).rejects.toMatchObject({ code: "Denied" });
  expect(bed.audit.entries.length).toBe(before);
});

test("host names are given to nobody while an authority cannot say which it has", async () => {
  const { declarations } = bed.core;
  const gone = { driver: "test", label: "gone", region: "UK", serial: "1", node: "node1" };
  await declarations.change("gone", () => [
    { ...gone, createdAt: "2026-11-01T08:00:00.000Z", createdBy: "olga" },
  ]);
  await bed.token("third");
  const spec = { selfSigned: true, hosts: ["third.example.org"], postQuantum: false };
  const { CreateAuthority } = bed.answers.handlers;
  const made = CreateAuthority(fakeCall("CreateAuthority"), "third", spec);
  await expect(made).rejects.toMatchObject({ code: "Unavailable" });
  await declarations.change("gone", () => []);
  await bed.call("CreateAuthority", (call) => CreateAuthority(call, "third", spec));
});

test("openssl verifies what is issued, and refuses it once it is revoked", async () => {
  const issued = await issue("jane");
  expect(issued).toMatchObject({ profile: "person", name: "jane", state: "valid", daysLeft: 89 });
  await writeList();
  expect(ssl.run(...verify("jane"))).toContain("OK");
  await revoke(issued.serial, "keyCompromise");
  await writeList();
  expect(ssl.fails(...verify("jane"))).toContain("error 23");
});

test("openssl ocsp accepts good, revoked and unknown", async () => {
  const good = await issue("good");
  const revoked = await issue("gone");
  await revoke(revoked.serial, "superseded");
  const ask = async (state: string, ...about: string[]) => {
    const issuer = ["-issuer", "chain.pem"];
    ssl.run("ocsp", ...issuer, ...about, "-reqout", "q.der");
    const request = readFileSync(join(ssl.directory, "q.der")).toString("base64");
    const response = await bed.answers.handlers.Ocsp(fakeCall("Ocsp"), "acme", request);
    ssl.write("r.der", Buffer.from(response, "base64"));
    const trust = ["-respin", "r.der", "-CAfile", "root.pem", "-verify_other", "chain.pem"];
    expect(ssl.run("ocsp", ...issuer, ...about, "-no_nonce", ...trust)).toContain(`: ${state}`);
    ssl.run("ocsp", "-reqin", "q.der", ...trust);
  };
  await ask("good", "-cert", "good.pem");
  await ask("revoked", "-cert", "gone.pem");
  await ask("unknown", "-serial", "0x4000000000000000000000000000dead");
  expect(good.state).toBe("valid");
  const bad = await bed.answers.handlers.Ocsp(fakeCall("Ocsp"), "acme", "AAAA");
  ssl.write("r.der", Buffer.from(bad, "base64"));
  const said = ssl.fails("ocsp", "-issuer", "chain.pem", "-cert", "good.pem", "-respin", "r.der");
  expect(said).toContain("malformedrequest (1)");
});

test("renewing gives the same names and key a new certificate, and not to what is revoked", async () => {
  const first = await issue("carl");
  const second = await bed.call("Renew", (call) =>
    bed.answers.handlers.Renew(call, "acme", first.serial),
  );
  expect(second.serial).not.toBe(first.serial);
  expect(second).toMatchObject({ name: "carl", uri: first.uri, profile: "person" });
  const key = (pem: string) => ssl.run("x509", "-in", ssl.write("k.pem", pem), "-noout", "-pubkey");
  expect(key(second.pem)).toBe(key(first.pem));
  await revoke(first.serial, "superseded");
  const again = bed.answers.handlers.Renew(fakeCall("Renew"), "acme", first.serial);
  await expect(again).rejects.toMatchObject({ code: "Conflict" });
});

test("a key that others have gets no certificate by any way, once one of it was revoked for that", async () => {
  const { handlers } = bed.answers;
  const first = await issue("dora");
  const request = readFileSync(join(ssl.directory, "dora.csr"));
  const second = await bed.call("Renew", (call) => handlers.Renew(call, "acme", first.serial));
  await bed.call("Revoke", (call) => handlers.Revoke(call, "acme", first.serial, "keyCompromise"));
  const ways: (() => Promise<unknown>)[] = [
    // The one that was renewed before is not revoked itself.
    () => handlers.Renew(fakeCall("Renew"), "acme", second.serial),
    () => handlers.Issue(fakeCall("Issue"), "acme", "person", request.toString("base64"), 90),
    () => bed.answers.fingerprints.IssueAgency(fakeCall("IssueAgency"), "acme", `${request}`),
  ];
  for (const way of ways)
    await expect(way()).rejects.toMatchObject({
      code: "Conflict",
      message: expect.stringMatching(`${first.serial} of it was revoked`),
    });
  bed.again();
  const after = bed.answers.handlers.Renew(fakeCall("Renew"), "acme", second.serial);
  await expect(after).rejects.toMatchObject({ code: "Conflict" });
  // Another key of the same person's does.
  expect(await issue("dora")).toMatchObject({ name: "dora", state: "valid" });
});

test("an authority is revoked by the member that asks a second person, and by no other", async () => {
  const { handlers } = bed.answers;
  csr("agency");
  const text = readFileSync(join(ssl.directory, "agency.csr"), "utf8");
  const agency = await bed.call("IssueAgency", (call) =>
    handlers.IssueAgency(call, "acme", text, 30),
  );
  const own = await handlers.Certificates(fakeCall("Certificates"), {
    ...{ tenant: "=node", search: "acme", order: "notAfter", descending: false },
    ...{ cursor: "", limit: 10 },
  });
  const serials = [["acme", agency.serial] as const, ["=node", own.rows[0]?.serial ?? ""] as const];
  for (const [owner, serial] of serials) {
    const alone = handlers.Revoke(fakeCall("Revoke"), owner, serial, "keyCompromise");
    await expect(alone).rejects.toMatchObject({ code: "Denied" });
  }
  const jane = await issue("jill");
  const much = handlers.RevokeAuthority(
    ...([fakeCall("RevokeAuthority"), "acme", jane.serial, "superseded"] as const),
  );
  await expect(much).rejects.toMatchObject({ code: "InvalidArgument" });
  const revoked = await bed.call(
    "RevokeAuthority",
    (call) => handlers.RevokeAuthority(call, "acme", agency.serial, "superseded"),
    { tenant: "acme", object: agency.serial },
  );
  expect(revoked).toMatchObject({ profile: "agency", state: "revoked" });
  // As one that was asked for, and no file that somebody put there.
  bed.again();
  const { rows } = await bed.answers.handlers.Authorities(fakeCall("Authorities"));
  expect(rows.find(({ tenant }) => tenant === "acme")?.alarms).toEqual([]);
});

test("names of other tenants, other hosts and more than a person may have are refused", async () => {
  const { handlers } = bed.answers;
  const refused = async (profile: "person" | "service", ...args: string[]) => {
    const request = csr("evil", ...args);
    const before = bed.audit.entries.length;
    const made = handlers.Issue(fakeCall("Issue"), "acme", profile, request, 90);
    await expect(made).rejects.toMatchObject({ code: "InvalidArgument" });
    // Nothing was signed.
    expect(bed.audit.entries.length).toBe(before);
  };
  const san = (names: string) => ["-subj", "/CN=web", "-addext", `subjectAltName=${names}`];
  await refused("person", "-subj", "/O=other/CN=jane");
  await refused("person", "-subj", "/CN=jane.doe");
  await refused("person", "-subj", "/CN=jane/CN=joe");
  await refused("person", "-subj", "/OU=Board/CN=jane");
  await refused("person", "-subj", "/C=GB/CN=jane");
  await refused("person", ...san("URI:spiffe://uk/tenant/other/user/web"));
  await refused("person", ...san("DNS:web.acme.example.org"));
  await refused("service", ...san("DNS:web.other.example.org"));
  await refused("service", ...san("DNS:*.acme.example.org"));
  await refused("service", ...san("DNS:xacme.example.org"));
  await refused("service", ...san("IP:10.0.0.1"));
  await refused("service", ...san("email:a@acme.example.org"));
  await refused("person", "-subj", "/CN=jane", "-addext", "basicConstraints=CA:TRUE");
});

test("a parallel certificate has the same names and key", async () => {
  const issued = await issue("pia");
  const [beside] = [issued.parallel?.pem ?? ""];
  const text = ssl.run("x509", "-in", ssl.write("pq.pem", beside), "-noout", "-text");
  expect(text).toMatch(/Signature Algorithm: (ML-DSA-65|2\.16\.840\.1\.101\.3\.4\.3\.18)/);
  expect(text).toContain("spiffe://uk/tenant/acme/user/pia");
  const files: CertificateFiles = await bed.answers.handlers.Certificate(
    fakeCall("Certificate"),
    "acme",
    issued.serial,
  );
  expect(files.parallel?.pem).toBe(beside);
  expect(files.pem).toBe(issued.pem);
});

const folder = () => {
  const [key] = readdirSync(join(bed.directory, "acme"));
  return join(bed.directory, "acme", String(key));
};
test("numbers of lists only grow, whatever the clock and the directory say", async () => {
  const list = () => bed.answers.handlers.Crl(fakeCall("Crl"), "acme");
  const first = await list();
  expect(await list()).toEqual(first);
  bed.clock.ahead = -3_600_000 * 48;
  bed.again();
  const second = await list();
  expect(second.number).toBeGreaterThan(first.number);
  expect(second.thisUpdate >= first.thisUpdate).toBe(true);
  rmSync(join(folder(), "list.json"));
  bed.again();
  const third = await list();
  expect(third.number).toBeGreaterThan(second.number);
  expect(third.thisUpdate >= second.thisUpdate).toBe(true);
  bed.clock.ahead = 0;
  bed.again();
});

test("a list of 5,000 entries is read whole by openssl", async () => {
  const files = join(folder(), "revoked");
  const before = new Set(readdirSync(files));
  const at = Date.now();
  await issue("many");
  const [own] = bed.audit.entries.filter(({ details }) => details?.certificate).slice(-1);
  for (let i = 0; i < 5000; i += 1) {
    const serial = `5${i.toString(16).padStart(31, "0")}`;
    const certificate = { ...(own?.details?.certificate as object), serial };
    const revoked = { ...certificate, at, reason: "superseded" };
    writeFileSync(join(files, serial), JSON.stringify({ at, reason: "superseded" }));
    await bed.audit.append({
      ...{ action: "hsm.Revoke", actor: "jane", uid: 1000, tenant: "acme", object: serial },
      ...{ outcome: "success", details: { certificate, revoked } },
    });
  }
  bed.again();
  const list = await bed.answers.handlers.Crl(fakeCall("Crl"), "acme");
  expect(list.entries).toBeGreaterThanOrEqual(5000);
  ssl.write("long.pem", list.pem);
  const text = ssl.run("crl", "-in", "long.pem", "-noout", "-text", "-CAfile", "chain.pem");
  expect(text.match(/Serial Number/g)?.length).toBe(list.entries);
  for (const name of readdirSync(files)) if (!before.has(name)) rmSync(join(files, name));
  bed.audit.entries.splice(
    0,
    bed.audit.entries.length,
    ...bed.audit.entries.filter(({ object }) => !object?.startsWith("5000000")),
  );
  bed.again();
}, 240_000);

test("a disk that is full loses nothing and says so", async () => {
  const small = join(ssl.directory, "small");
  execFileSync("mkdir", ["-p", small]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", small], { timeout: 5000 });
  try {
    execFileSync("cp", ["-a", `${folder()}/.`, small], { timeout: 5000 });
    execFileSync("mount", ["--bind", small, folder()], { timeout: 5000 });
    try {
      try {
        execFileSync("dd", ["if=/dev/zero", `of=${join(small, "fill")}`, "bs=1k", "count=1k"], {
          stdio: "ignore",
        });
      } catch {
        // Full, as it is to be.
      }
      bed.again();
      const known = readdirSync(join(folder(), "certs")).length;
      const request = csr("dora");
      const made = bed.answers.handlers.Issue(fakeCall("Issue"), "acme", "person", request, 90);
      await expect(made).rejects.toMatchObject({
        code: "Unavailable",
        message: expect.stringMatching(/is full, so the certificate was not issued; free space/),
      });
      expect(readdirSync(join(folder(), "certs"))).toHaveLength(known);
      rmSync(join(small, "fill"));
      await bed.call("Issue", (call) =>
        bed.answers.handlers.Issue(call, "acme", "person", request, 90),
      );
      expect(readdirSync(join(folder(), "certs"))).toHaveLength(known + 1);
      execFileSync("cp", ["-a", `${small}/.`, join(ssl.directory, "saved")], { timeout: 5000 });
    } finally {
      execFileSync("umount", [folder()], { timeout: 5000 });
    }
  } finally {
    execFileSync("umount", [small], { timeout: 5000 });
  }
  expect(existsSync(folder())).toBe(true);
});
