/** What certificates are made of, read by OpenSSL. */
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OctetString } from "@peculiar/asn1-schema";
import {
  Extension,
  GeneralName,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  authorityExtensions,
  type Holder,
  namesOf,
  purposeExtensions,
  rootExtensions,
  subjectOf,
} from "../../agent/hsm/pki/profiles.ts";
import { newSerial, signed } from "../../agent/hsm/pki/x509/certificate.ts";
import { encode } from "../../agent/hsm/pki/x509/der.ts";
import {
  alternativeNames,
  authorityKey,
  listNumber,
  signingUsage,
  subjectKey,
} from "../../agent/hsm/pki/x509/extensions.ts";
import { encodeName, nameOf } from "../../agent/hsm/pki/x509/names.ts";
import { toPem } from "../../agent/hsm/pki/x509/pem.ts";
import { type CertificateRequest, readRequest } from "../../agent/hsm/pki/x509/request.ts";
import { listContent, type Reason, revokedEntry } from "../../agent/hsm/pki/x509/revocations.ts";
import { answer, answerContent, readQuestion } from "../../agent/hsm/pki/x509/status.ts";
import { certify, OpensslBed, signWith, type TestAuthority, testAuthority } from "../lib/pki.ts";

const holder: Holder = { tenant: "acme", region: "UK", domains: ["acme.example.org"] };
const bed = new OpensslBed();
let root: TestAuthority;
let issuing: TestAuthority;

const never = async () => false;
const day = 86_400_000;

beforeAll(() => {
  root = testAuthority(
    [
      ["organization", "DsecOS"],
      ["commonName", "Root of node1"],
    ],
    rootExtensions(),
  );
  issuing = testAuthority(
    [
      ["organization", "acme"],
      ["commonName", "Authority of acme"],
    ],
    authorityExtensions(holder, 1),
    root,
  );
  bed.write("root.pem", toPem("CERTIFICATE", root.der));
  bed.write("issuing.pem", toPem("CERTIFICATE", issuing.der));
});
afterAll(() => bed.close());

/** A request by `openssl req`, and its bytes. */
function request(name: string, ...args: string[]): Buffer {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  const keyFile = join(bed.directory, `${name}.key`);
  bed.run("req", "-new", ...key, "-keyout", keyFile, "-out", `${name}.csr`, ...args);
  return readFileSync(join(bed.directory, `${name}.csr`));
}

function issue(read: CertificateRequest, profile: "person" | "service", serial = newSerial()) {
  const names = namesOf(read, profile, holder);
  const extensions = purposeExtensions(names, holder);
  const subject = subjectOf("acme", names.name);
  return certify({ subject, spki: read.spki, extensions, serial }, issuing);
}

function list(entries: [string, Reason][], number = 7): Buffer {
  const now = Date.now();
  const content = listContent({
    algorithm: "P-384",
    issuer: encodeName(issuing.subject),
    thisUpdate: new Date(now - day / 24),
    nextUpdate: new Date(now + day),
    entries: entries.map(([serial, reason]) => revokedEntry(serial, new Date(now), reason)),
    extensions: [authorityKey(issuing.identifier), listNumber(number)],
  });
  return signed(content, "P-384", signWith(issuing.privateKey, content));
}

const verifyArgs = (file: string, purpose = "sslclient") => [
  ...["verify", "-x509_strict", "-purpose", purpose, "-crl_check", "-CAfile", "root.pem"],
  ...["-untrusted", "issuing.pem", "-CRLfile", "list.pem", file],
];

test("openssl verifies a person's certificate strictly, until it is on the list", async () => {
  const serial = newSerial();
  const read = await readRequest(request("jane", "-subj", "/O=acme/CN=jane"), never);
  bed.write("jane.pem", toPem("CERTIFICATE", issue(read, "person", serial)));
  bed.write("list.pem", toPem("X509 CRL", list([])));
  expect(bed.run(...verifyArgs("jane.pem"))).toContain("jane.pem: OK");
  // A person is no server.
  expect(bed.fails(...verifyArgs("jane.pem", "sslserver"))).toContain("error 26");
  bed.write("list.pem", toPem("X509 CRL", list([[serial, "keyCompromise"]])));
  expect(bed.fails(...verifyArgs("jane.pem"))).toContain("error 23");
});

test("a service's certificate has its host names, and one of another domain would not verify", async () => {
  const names = "subjectAltName=DNS:web.acme.example.org,DNS:WEB2.acme.example.org";
  const read = await readRequest(request("web", "-subj", "/CN=web", "-addext", names), never);
  const der = issue(read, "service");
  bed.write("web.pem", toPem("CERTIFICATE", der));
  bed.write("list.pem", toPem("X509 CRL", list([])));
  expect(bed.run(...verifyArgs("web.pem", "sslserver"))).toContain("OK");
  const { subjectAltName, subject } = new X509Certificate(der);
  expect(subject).toBe("O=acme\nCN=web");
  expect(subjectAltName).toBe(
    "URI:spiffe://uk/tenant/acme/service/web, DNS:web.acme.example.org, DNS:web2.acme.example.org",
  );
  // Were the checks of the request ever passed by, the authority's constraints still hold.
  const wrong = {
    profile: "service",
    name: "web",
    uri: "spiffe://uk/x",
    hosts: ["evil.org"],
  } as const;
  const extensions = purposeExtensions(wrong, holder);
  const forged = certify(
    { subject: subjectOf("acme", "web"), spki: read.spki, extensions },
    issuing,
  );
  bed.write("forged.pem", toPem("CERTIFICATE", forged));
  expect(bed.fails(...verifyArgs("forged.pem", "sslserver"))).toContain("error 47");
  const other = { ...wrong, hosts: [] };
  const foreign = certify(
    {
      subject: subjectOf("other", "web"),
      spki: read.spki,
      extensions: purposeExtensions(other, holder),
    },
    issuing,
  );
  bed.write("foreign.pem", toPem("CERTIFICATE", foreign));
  expect(bed.fails(...verifyArgs("foreign.pem", "sslserver"))).toContain("error 47");
});

test("openssl shows what a certificate and a list say", async () => {
  const read = await readRequest(request("joe", "-subj", "/CN=joe"), never);
  const serial = newSerial();
  bed.write("joe.pem", toPem("CERTIFICATE", issue(read, "person", serial)));
  const text = bed.run("x509", "-in", "joe.pem", "-noout", "-text");
  expect(text).toContain("Version: 3 (0x2)");
  expect(text).toContain("Signature Algorithm: ecdsa-with-SHA384");
  expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE/);
  expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
  expect(text).toMatch(/X509v3 Extended Key Usage: \s+TLS Web Client Authentication\n/);
  expect(text).toContain("URI:spiffe://uk/tenant/acme/user/joe");
  const authority = bed.run("x509", "-in", "issuing.pem", "-noout", "-text");
  expect(authority).toMatch(/X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
  expect(authority).toMatch(
    /X509v3 Name Constraints: critical\s+Permitted:\s+DirName:O ?= ?acme\s+DNS:acme.example.org/,
  );
  bed.write(
    "list.pem",
    toPem(
      "X509 CRL",
      list(
        [
          [serial, "superseded"],
          [newSerial(), "unspecified"],
        ],
        4711,
      ),
    ),
  );
  const crl = bed.run("crl", "-in", "list.pem", "-noout", "-text");
  expect(crl).toContain("Version 2 (0x1)");
  expect(crl).toMatch(/X509v3 CRL Number: \s+4711/);
  expect(crl).toContain(serial.toUpperCase());
  expect(crl).toMatch(/X509v3 CRL Reason Code: \s+Superseded/);
  expect(crl.match(/Reason Code/g)).toHaveLength(1);
});

test("times after 2049 and large numbers of lists are written as the standard wants", async () => {
  const der = certify(
    {
      ...(await leaf()),
      notBefore: new Date("2049-12-31T23:59:59.999Z"),
      notAfter: new Date("2051-01-02T03:04:05.678Z"),
    },
    issuing,
  );
  const parsed = bed.run("asn1parse", "-inform", "der", "-in", bed.write("late.der", der));
  expect(parsed).toMatch(/UTCTIME\s+:491231235959Z/);
  expect(parsed).toMatch(/GENERALIZEDTIME\s+:20510102030405Z/);
  expect(listNumber(0x80).toString("hex")).toMatch(/02020080$/);
  expect(listNumber(0).toString("hex")).toMatch(/020100$/);
});

async function leaf() {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const spki = createPublicKey(key.export({ format: "pem", type: "spki" })).export({
    format: "der",
    type: "spki",
  });
  return { subject: subjectOf("acme", "late"), spki, extensions: [] };
}

test("openssl ocsp believes good, revoked and unknown, and the nonce is its own", async () => {
  const serials = { good: newSerial(), revoked: newSerial(), unknown: newSerial() };
  for (const [state, serial] of Object.entries(serials)) {
    const read = await readRequest(request(state, "-subj", `/CN=${state}`), never);
    bed.write(`${state}.pem`, toPem("CERTIFICATE", issue(read, "person", serial)));
    const digest = state === "good" ? ["-sha256"] : [];
    bed.run(
      "ocsp",
      "-issuer",
      "issuing.pem",
      ...digest,
      "-cert",
      `${state}.pem`,
      "-reqout",
      `${state}.req`,
    );
    const question = readQuestion(readFileSync(join(bed.directory, `${state}.req`)));
    if (question === undefined) throw new Error("not read");
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    const issuer = { name: encodeName(issuing.subject), spki: issuing.spki };
    const content = answerContent(question, {
      ...{ issuer, spki: issuing.spki, from: now, until: new Date(now.getTime() + day) },
      statusOf(asked) {
        if (asked === serials.good) return { state: "good" };
        if (asked === serials.revoked)
          return { state: "revoked", at: now, reason: "keyCompromise" };
        return { state: "unknown" };
      },
    });
    bed.write(
      `${state}.resp`,
      answer(content, "P-384", signWith(issuing.privateKey, encode(content))),
    );
    const response = ["-respin", `${state}.resp`, "-CAfile", "root.pem"];
    const trust = [...response, "-verify_other", "issuing.pem"];
    const about = ["-issuer", "issuing.pem", ...digest, "-cert", `${state}.pem`, "-no_nonce"];
    expect(bed.run("ocsp", ...about, ...trust)).toContain(`${state}.pem: ${state}`);
    // Given the request instead, it compares the nonce.
    const whole = bed.run("ocsp", "-reqin", `${state}.req`, ...trust, "-text");
    const [asked, answered] = whole.matchAll(/OCSP Nonce:\s+([0-9A-F]{36})/g);
    expect(answered?.[1]).toBe(asked?.[1] ?? "none");
  }
});

test("names and extensions are encoded as the library does", () => {
  const subject = subjectOf("acme", "jürgen".normalize());
  expect(encodeName(subject).equals(encode(nameOf(subject)))).toBe(true);
  const uri = "spiffe://uk/tenant/acme/user/web";
  const hosts = ["web.acme.example.org", `${"a".repeat(60)}.example.org`];
  const names = new SubjectAlternativeName([
    new GeneralName({ uniformResourceIdentifier: uri }),
    ...hosts.map((dNSName) => new GeneralName({ dNSName })),
  ]);
  const extnValue = new OctetString(encode(names));
  const wanted = encode(new Extension({ extnID: id_ce_subjectAltName, extnValue }));
  expect(alternativeNames(uri, hosts).equals(wanted)).toBe(true);
  const key = new OctetString(encode(new SubjectKeyIdentifier(issuing.identifier)));
  const wantedKey = new Extension({ extnID: id_ce_subjectKeyIdentifier, extnValue: key });
  expect(subjectKey(issuing.identifier).equals(encode(wantedKey))).toBe(true);
  const usage = new KeyUsage(KeyUsageFlags.digitalSignature);
  const critical = new Extension({
    ...{ extnID: id_ce_keyUsage, critical: true, extnValue: new OctetString(encode(usage)) },
  });
  expect(signingUsage.equals(encode(critical))).toBe(true);
});
