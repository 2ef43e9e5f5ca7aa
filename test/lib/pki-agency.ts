/** An agency with an authority in SoftHSM, and what tests of its certificates do to it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "../../agent/bus/call.ts";
import type {
  AuthoritySpec,
  CertificateFiles,
  RevocationList,
} from "../../agent/hsm/pki/answers.ts";
import { OpensslBed } from "./pki.ts";
import { createPkiBed, fakeCall, type PkiBed } from "./pki-bed.ts";

export const agency = "acme";

export class PkiAgency {
  readonly bed: PkiBed;
  readonly ssl = new OpensslBed();

  private constructor(bed: PkiBed) {
    this.bed = bed;
  }

  /** The node's root and the agency's authority, both with a second key where that is asked for. */
  static async make(spec: Partial<AuthoritySpec> = {}): Promise<PkiAgency> {
    const made = new PkiAgency(await createPkiBed());
    await made.bed.token(agency);
    const wanted = { selfSigned: false, postQuantum: false, ...spec };
    await made.create("=node", { ...wanted, hosts: [] });
    await made.create(agency, { ...wanted, hosts: ["acme.example.org"] });
    await made.writeChain();
    return made;
  }

  get handlers() {
    return this.bed.answers.handlers;
  }

  create(owner: string, spec: Parameters<PkiAgency["handlers"]["CreateAuthority"]>[2]) {
    const work = (call: Call) => this.handlers.CreateAuthority(call, owner, spec);
    return this.bed.call("CreateAuthority", work, { tenant: owner });
  }

  async writeChain(): Promise<void> {
    const chain = await this.handlers.Chain(fakeCall("Chain"), agency);
    this.ssl.write("root.pem", chain.root);
    this.ssl.write("chain.pem", chain.pem);
  }

  csr(name: string, ...args: string[]): string {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
    const given = args.length > 0 ? args : ["-subj", `/CN=${name}`];
    this.ssl.run("req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...given);
    return readFileSync(join(this.ssl.directory, `${name}.csr`)).toString("base64");
  }

  /** Issues one for a person, and writes it as `<name>.pem`. */
  async issue(name: string): Promise<CertificateFiles> {
    const request = this.csr(name);
    const issued = await this.bed.call("Issue", (call) =>
      this.handlers.Issue(call, agency, "person", request, 90),
    );
    this.ssl.write(`${name}.pem`, issued.pem);
    return issued;
  }

  revoke(serial: string, reason: "keyCompromise" | "superseded" = "superseded") {
    const work = (call: Call) => this.handlers.Revoke(call, agency, serial, reason);
    return this.bed.call("Revoke", work, { tenant: agency, object: serial });
  }

  /** The newest list, also as `list.pem`. */
  async list(): Promise<RevocationList> {
    const list = await this.handlers.Crl(fakeCall("Crl"), agency);
    this.ssl.write("list.pem", list.pem);
    return list;
  }

  /** @returns what openssl says of a certificate for which the list must be there. */
  verify(name: string, fails = false): string {
    const how = ["-x509_strict", "-purpose", "sslclient", "-crl_check", "-CAfile", "root.pem"];
    const args = ["verify", ...how, "-untrusted", "chain.pem", "-CRLfile", "list.pem"];
    return this.ssl[fails ? "fails" : "run"](...args, `${name}.pem`);
  }

  /** Where its files are. */
  folder(): string {
    const [key] = readdirSync(join(this.bed.directory, agency));
    return join(this.bed.directory, agency, String(key));
  }

  async alarms(): Promise<string[]> {
    const { rows } = await this.handlers.Authorities(fakeCall("Authorities"));
    return rows.find(({ tenant }) => tenant === agency)?.alarms ?? ["no row"];
  }

  async end(): Promise<void> {
    this.ssl.close();
    await this.bed.remove();
  }
}
