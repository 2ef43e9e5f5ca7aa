/**
 * What an agency can issue with a key that is in nobody's token but its own: OpenSSL judges, by the
 * constraints in the certificate that the agency was given.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  authorityExtensions,
  type Holder,
  purposeExtensions,
  rootExtensions,
  subjectOf,
} from "../../agent/hsm/pki/profiles.ts";
import { toPem } from "../../agent/hsm/pki/x509/pem.ts";
import { OpensslBed, type TestAuthority, testAuthority } from "../lib/pki.ts";

const bed = new OpensslBed();
const holders: Record<"hosts" | "none", Holder> = {
  hosts: { tenant: "acme", region: "UK", domains: ["acme.example.org"] },
  none: { tenant: "acme", region: "UK", domains: [] },
};
type Kind = keyof typeof holders;

beforeAll(() => {
  const root = testAuthority([["commonName", "Root"]], rootExtensions());
  bed.write("root.pem", toPem("CERTIFICATE", root.der));
  for (const [kind, holder] of Object.entries(holders)) {
    const own = testAuthority(
      subjectOf("acme", `Of ${kind}`),
      authorityExtensions(holder, 1),
      root,
    );
    const names = { profile: "agency", name: "branch", uri: "", hosts: [] } as const;
    const extensions = purposeExtensions(names, holder);
    const agency: TestAuthority = testAuthority(subjectOf("acme", "branch"), extensions, own);
    const chain = [own.der, agency.der].map((der) => toPem("CERTIFICATE", der));
    bed.write(`${kind}-between.pem`, chain.join(""));
    bed.write(`${kind}-ca.pem`, toPem("CERTIFICATE", agency.der));
    const key = agency.privateKey.export({ format: "pem", type: "pkcs8" });
    bed.write(`${kind}-ca.key`, key.toString());
  }
});
afterAll(() => bed.close());

/** What the agency does with OpenSSL on its own machine. @returns arguments that verify it */
function leaf(kind: Kind, name: string, alternative: string): string[] {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  bed.run("req", "-new", ...key, "-keyout", "l.key", "-out", "l.csr", "-subj", "/O=acme/CN=leaf");
  const lines = [
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth",
    "basicConstraints=critical,CA:false",
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
    ...(alternative === "" ? [] : [`subjectAltName=${alternative}`]),
  ];
  bed.write("l.ext", `${lines.join("\n")}\n`);
  const by = ["-CA", `${kind}-ca.pem`, "-CAkey", `${kind}-ca.key`, "-extfile", "l.ext"];
  bed.run("x509", "-req", "-in", "l.csr", ...by, "-out", `${name}.pem`, "-days", "9");
  const trust = ["-CAfile", "root.pem", "-untrusted", `${kind}-between.pem`];
  return ["verify", "-x509_strict", ...trust, `${name}.pem`];
}

test.each(["hosts", "none"] as const)(
  "an agency issues no identity of its own making: %s",
  (kind) => {
    expect(bed.run(...leaf(kind, "plain", ""))).toContain("OK");
    for (const name of [
      "URI:spiffe://uk/tenant/other/user/jane",
      "URI:spiffe://uk/tenant/acme/user/jane",
      "URI:spiffe://invalid/tenant/other/user/jane",
      "DNS:web.other.example.org",
      "DNS:localhost",
      "IP:10.0.0.1",
      "IP:fd00::1",
      "email:jane@other.example.org",
    ]) {
      const told = bed.fails(...leaf(kind, "forged", name));
      // Of a constraint, not of anything else.
      expect(told, name).toMatch(/error 4[78]/);
    }
  },
);

test("an agency of a tenant with a domain issues to hosts below it", () => {
  const args = leaf("hosts", "web", "DNS:web.acme.example.org");
  expect(bed.run(...args)).toContain("OK");
});

test("the tenant's own authority still issues URIs, and no hosts where it has no domain", () => {
  const text = bed.run("x509", "-in", "none-between.pem", "-noout", "-text");
  expect(text).toMatch(/Excluded:\s+DNS:\s+IP:0\.0\.0\.0\/0\.0\.0\.0\s+IP:0:0:0:0:0:0:0:0\/0:0:0/);
  expect(text).not.toContain("URI:");
  const agency = bed.run("x509", "-in", "hosts-ca.pem", "-noout", "-text");
  expect(agency).toContain("URI:");
  expect(agency).not.toMatch(/Excluded:\s+DNS:/);
});
