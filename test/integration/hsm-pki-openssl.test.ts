/** Second certificates, signed with ML-DSA-65, before OpenSSL 3.5, and requests with keys of its own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CertificateFiles } from "../../agent/hsm/pki/answers.ts";
import { type DebianOpenssl, debianOpenssl } from "../lib/debian-openssl.ts";
import { createPkiBed, fakeCall, type PkiBed } from "../lib/pki-bed.ts";

let bed: PkiBed;
let openssl: DebianOpenssl;

beforeAll(async () => {
  openssl = await debianOpenssl();
  bed = await createPkiBed();
  await bed.token("acme");
  const spec = { selfSigned: false, hosts: [], postQuantum: true };
  for (const owner of ["=node", "acme"]) {
    await bed.call("CreateAuthority", (call) =>
      bed.answers.handlers.CreateAuthority(call, owner, spec),
    );
  }
}, 300_000);
afterAll(async () => {
  await openssl?.end();
  await bed?.remove();
});

async function issue(name: string, algorithm: string[]): Promise<CertificateFiles> {
  const key = openssl.file(`${name}.key`);
  await openssl.run(["genpkey", ...algorithm, "-out", key]);
  const csr = await openssl.run(["req", "-new", "-key", key, "-subj", `/CN=${name}`]);
  return bed.call("Issue", (call) =>
    bed.answers.handlers.Issue(call, "acme", "person", csr.toString("base64"), 90),
  );
}

async function verify(issued: CertificateFiles): Promise<string> {
  const chain = (await bed.answers.handlers.Chain(fakeCall("Chain"), "acme")).parallel;
  const list = (await bed.answers.handlers.Crl(fakeCall("Crl"), "acme")).parallel;
  const files = [
    ...["-CAfile", openssl.file("root.pem", Buffer.from(chain?.root ?? ""))],
    ...["-untrusted", openssl.file("chain.pem", Buffer.from(chain?.pem ?? ""))],
    ...["-CRLfile", openssl.file("list.pem", Buffer.from(list?.pem ?? ""))],
    openssl.file("leaf.pem", Buffer.from(issued.parallel?.pem ?? "")),
  ];
  const how = ["-x509_strict", "-purpose", "sslclient", "-crl_check"];
  return (await openssl.run(["verify", ...how, ...files])).toString();
}

test("OpenSSL 3.5 verifies the second certificate strictly, until it is revoked", async () => {
  const issued = await issue("pia", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
  expect(await verify(issued)).toContain("OK");
  await bed.call("Revoke", (call) =>
    bed.answers.handlers.Revoke(call, "acme", issued.serial, "keyCompromise"),
  );
  await expect(verify(issued)).rejects.toThrow();
});

test("a request with an ML-DSA-65 key of OpenSSL's is granted and renewed", async () => {
  const issued = await issue("quinn", ["-algorithm", "ML-DSA-65"]);
  expect(await verify(issued)).toContain("OK");
  // Its key is one that this machine's own OpenSSL may not know.
  bed.again();
  const { rows } = await bed.answers.handlers.Authorities(fakeCall("Authorities"));
  expect(rows.flatMap(({ alarms }) => alarms)).toEqual([]);
  const renewed = await bed.call("Renew", (call) =>
    bed.answers.handlers.Renew(call, "acme", issued.serial),
  );
  expect(await verify(renewed)).toContain("OK");
});
