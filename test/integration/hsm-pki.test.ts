/**
 * Certificates through the bus: who may, what a second person decides, TLS with what was issued, and
 * an agent that is killed while it issues. An agent and a driver of the test's own.
 */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import type {
  Authorities,
  CertificateFiles,
  CertificateRow,
  Chain,
  RevocationList,
} from "../../agent/hsm/pki/answers.ts";
import type { Statement } from "../../agent/hsm/statement/members.ts";
import { hsmPaths } from "../../packaging/setup/components/softhsm.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { approved, createAgency, type Staff } from "../lib/hsm-agency.ts";
import { OwnAgent } from "../lib/own-agent.ts";
import { OpensslBed } from "../lib/pki.ts";
import { removeTree } from "../lib/remove-tree.js";
import { people } from "../lib/test-stack.js";

const tenant = "pki-agency";
const other = "pki-other";
const kills = 3;
const stateDirectory = mkdtempSync("/var/tmp/dsecos-pki-");
const stack = createStack({
  mode: "private",
  stateDirectory,
  components: ["bus", "polkit", "policies", "incus", "softhsm"],
  poolGiB: 2,
});
const configFile = join(stateDirectory, "agent.json");
const environment = { ...process.env, ...stack.context.environment };
const ssl = new OpensslBed();
const persons = new Map<string, Person>();
let staff: Staff;
const agent = new OwnAgent(configFile, environment);

beforeAll(async () => {
  await stack.start();
  const auditDirectory = join(stateDirectory, "audit");
  mkdirSync(auditDirectory);
  const incusSocket = join(stack.context.incusDirectory, "unix.socket");
  // The machine's own TPM is not for tests.
  const tpm = join(stateDirectory, "no-tpm");
  const pkiDirectory = join(stateDirectory, "pki");
  const config = { auditDirectory, incusSocket, tpm, pkiDirectory, ...hsmPaths(stack.context) };
  writeFileSync(configFile, JSON.stringify(config));
  for (const role of ["nobody", "viewer", "operator", "officer", "officer2", "auditor"] as const)
    persons.set(role, await Person.as(people[role], environment));
  staff = { operator: as("operator"), officer: as("officer"), second: as("officer2") };
  await agent.start();
  await createAgency(staff, tenant, {});
  await createAgency(staff, other, {});
}, 300_000);
afterAll(async () => {
  for (const person of persons.values()) person.end();
  await agent.kill();
  await stack.stop();
  ssl.close();
  removeTree(stateDirectory);
});

function as(role: string): Person {
  const person = persons.get(role);
  if (person === undefined) throw new Error(`no ${role}`);
  return person;
}

function csr(name: string, ...more: string[]): string {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  const out = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`];
  ssl.run("req", "-new", ...key, ...out, ...more);
  return readFileSync(join(ssl.directory, `${name}.csr`)).toString("base64");
}

async function issue(name: string, profile = "person", ...more: string[]) {
  const made = await as("operator").call(hsm, "Issue", tenant, profile, csr(name, ...more), 90);
  return made as CertificateFiles;
}

test("an authority needs a second person, and the root comes first", async () => {
  const spec = { hosts: ["pki.example.org"], postQuantum: false };
  const early = await as("officer").try(hsm, "CreateAuthority", tenant, spec);
  expect(early.error).toMatchObject({
    name: "org.dsecos.Error.Conflict",
    message: expect.stringMatching(/has no root yet/),
  });
  const alone = await as("officer").try(hsm, "CreateAuthority", "=node", {});
  expect(alone.error?.name).toBe("org.dsecos.Error.NeedsApproval");
  expect((await approved(staff, "CreateAuthority", "=node", {})).error).toBeUndefined();
  expect((await approved(staff, "CreateAuthority", tenant, spec)).error).toBeUndefined();
  const again = await as("officer").try(hsm, "CreateAuthority", tenant, spec);
  expect(again.error?.message).toMatch(/has an authority/);
  const overlap = { hosts: ["www.pki.example.org"], postQuantum: false };
  const taken = await as("officer").try(hsm, "CreateAuthority", other, overlap);
  expect(taken.error?.message).toMatch(/belong to another tenant/);
  const { rows } = (await as("viewer").call(hsm, "Authorities")) as Authorities;
  expect(rows).toMatchObject([
    { tenant: "=node", selfSigned: true, state: "valid", alarms: [] },
    { tenant, selfSigned: false, state: "valid", alarms: [] },
  ]);
});

test("only operators and officers issue and revoke, and nobody signs with an authority's key", async () => {
  const request = csr("jane");
  for (const role of ["nobody", "viewer", "auditor"]) {
    const { error } = await as(role).try(hsm, "Issue", tenant, "person", request, 90);
    expect(error?.name, role).toMatch(/AccessDenied|Denied/);
  }
  const issued = await issue("jane");
  for (const role of ["nobody", "viewer", "auditor"]) {
    const { error } = await as(role).try(hsm, "Revoke", tenant, issued.serial, "superseded");
    expect(error?.name, role).toMatch(/AccessDenied|Denied/);
  }
  const message = Buffer.from("a certificate of my own").toString("base64");
  const signed = await as("officer").try(hsm, "Sign", tenant, "authority", "test", message);
  expect(signed.error).toMatchObject({ name: "org.dsecos.Error.Denied" });
  const spec = { name: "authority-mine", algorithm: "P-384" };
  const made = await as("officer").try(hsm, "CreateKey", tenant, spec);
  expect(made.error?.name).toBe("org.dsecos.Error.InvalidArgument");
  // Of another tenant there is neither the certificate nor the authority.
  const foreign = await as("operator").try(hsm, "Certificate", other, issued.serial);
  expect(foreign.error?.name).toBe("org.dsecos.Error.NotFound");
});

test("an agency's authority issues below the tenant's, and only names of the tenant", async () => {
  csr("branch");
  const text = readFileSync(join(ssl.directory, "branch.csr"), "utf8");
  const alone = await as("officer").try(hsm, "IssueAgency", tenant, text, 365);
  expect(alone.error?.name).toBe("org.dsecos.Error.NeedsApproval");
  const { body, error } = await approved(staff, "IssueAgency", tenant, text, 365);
  expect(error).toBeUndefined();
  const agency = JSON.parse(String(body?.[0])) as CertificateFiles;
  const { root, pem } = (await as("viewer").call(hsm, "Chain", tenant)) as Chain;
  ssl.write("root.pem", root);
  ssl.write("between.pem", pem + agency.pem);
  ssl.write("branch.pem", agency.pem);
  const leaf = (name: string, subject: string) => {
    const ext =
      "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:false\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    ssl.write("leaf.ext", ext);
    csr(name, "-subj", subject);
    const by = ["-CA", "branch.pem", "-CAkey", "branch.key", "-extfile", "leaf.ext"];
    ssl.run("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`, "-days", "9");
    return [
      "verify",
      "-x509_strict",
      "-purpose",
      "sslclient",
      "-CAfile",
      "root.pem",
      "-untrusted",
      "between.pem",
      `${name}.pem`,
    ];
  };
  expect(ssl.run(...leaf("own", `/O=${tenant}/CN=own`))).toContain("OK");
  expect(ssl.fails(...leaf("stranger", `/O=${other}/CN=stranger`))).toContain("error 47");
});

test("services and persons meet with TLS in which both prove who they are", async () => {
  const names = "subjectAltName=DNS:web.pki.example.org";
  const service = await issue("web", "service", "-addext", names);
  const person = await issue("pia");
  const { root: ca } = (await as("viewer").call(hsm, "Chain", tenant)) as Chain;
  const crl = ((await as("viewer").call(hsm, "Crl", tenant)) as RevocationList).pem;
  const rootList = ((await as("viewer").call(hsm, "Crl", "=node")) as RevocationList).pem;
  const files = ({ pem, chain, name }: CertificateFiles) => ({
    ...{ ca, cert: pem + chain, key: readFileSync(join(ssl.directory, `${name}.key`)) },
  });
  const server = createServer(
    { ...files(service), crl: [crl, rootList], requestCert: true, rejectUnauthorized: true },
    (asked, answer) => {
      answer.end((asked.socket as TLSSocket).getPeerCertificate().subjectaltname);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = (who: CertificateFiles) =>
    new Promise<string>((answered, failed) => {
      const to = {
        host: "127.0.0.1",
        port,
        servername: "web.pki.example.org",
        agent: false,
      } as const;
      const asking = request({ ...to, ...files(who) }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => answered(text));
      });
      asking.on("error", failed);
      asking.end();
    });
  try {
    expect(await ask(person)).toBe(`URI:spiffe://uk/tenant/${tenant}/user/pia`);
    await as("operator").call(hsm, "Revoke", tenant, person.serial, "keyCompromise");
    const fresh = ((await as("viewer").call(hsm, "Crl", tenant)) as RevocationList).pem;
    server.setSecureContext({ ...files(service), crl: [fresh, rootList] });
    await expect(ask(person)).rejects.toThrow();
  } finally {
    server.close();
  }
});

test("an agent that is killed while it issues loses nothing that it replied, and no number twice", async () => {
  const request = csr("often");
  const replied: CertificateFiles[] = [];
  for (let round = 0; round < kills; round += 1) {
    let stopped = false;
    const one = async () => {
      while (!stopped) {
        const { body, error } = await as("operator").try(
          hsm,
          "Issue",
          tenant,
          "person",
          request,
          9,
        );
        if (error !== undefined) {
          // After a start the driver or Incus is not known at once; who was killed does not reply.
          await delay(20);
          continue;
        }
        replied.push(JSON.parse(String(body?.[0])) as CertificateFiles);
      }
    };
    const working = Promise.all([one(), one(), one()]);
    const before = replied.length;
    await vi.waitFor(() => expect(replied.length).toBeGreaterThan(before), {
      ...{ timeout: 60_000, interval: 5 },
    });
    await delay(randomInt(60));
    await agent.kill();
    stopped = true;
    await working;
    await agent.start();
  }
  const { rows } = await vi.waitFor(
    async () => {
      const answer = (await as("viewer").call(hsm, "Authorities")) as Authorities;
      // The driver may be reached a moment after the agent is.
      expect(answer.unreachable).toEqual([]);
      return answer;
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(rows.map(({ tenant: owner }) => owner)).toContain(tenant);
  expect(rows.flatMap(({ alarms }) => alarms)).toEqual([]);
  const known = new Map<string, CertificateRow>();
  for (let cursor = ""; ; ) {
    const filter = { tenant, search: "often", cursor, limit: 1000 };
    const page = (await as("viewer").call(hsm, "Certificates", filter)) as {
      rows: CertificateRow[];
      next: string;
      missing: string[];
    };
    expect(page.missing).toEqual([]);
    for (const row of page.rows) known.set(row.serial, row);
    cursor = page.next;
    if (cursor === "") break;
  }
  expect(new Set(replied.map(({ serial }) => serial)).size).toBe(replied.length);
  for (const { serial, fingerprint } of replied)
    expect(known.get(serial)?.fingerprint, serial).toBe(fingerprint);
  const files = execFileSync("find", [join(stateDirectory, "pki", tenant), "-name", "*.pem"], {
    ...{ encoding: "utf8", timeout: 10_000 },
  });
  for (const serial of known.keys()) expect(files).toContain(serial);
}, 300_000);

test("the month's statement knows of each signature", async () => {
  const month = new Date().toISOString().slice(0, 7);
  const made = (await as("auditor").call(hsm, "Statement", tenant, month)) as Statement;
  const row = made.rows.find(({ key }) => key === "authority");
  expect(row?.receipts).toBeGreaterThan(0);
  // Kills leave signatures whose receipts were not written; their intents are.
  expect(made.verdict).not.toBe("unexplained");
});
