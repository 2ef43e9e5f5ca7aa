/** Certificates of authorities: for each key of one that is made or rolled over. */
import { hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../audit/seal/files.ts";
import type { Call } from "../../bus/call.ts";
import type { FoundKey } from "../parts.ts";
import { nodeOwner } from "./answers.ts";
import {
  type Authority,
  type AuthorityRecord,
  directoryOf,
  type Issuer,
  issuerOf,
  parallelSubject,
  type Urls,
} from "./authority.ts";
import { chainOf, parallelFile, parallelRootFile } from "./chain.ts";
import { diskFailure, readIssued } from "./issued.ts";
import { newestOf } from "./keys.ts";
import type { PkiParts } from "./parts.ts";
import { authorityExtensions, rootExtensions } from "./profiles.ts";
import { putOnRecord } from "./record.ts";
import type { Signing } from "./signing.ts";
import { certificateContent, newSerial, signed } from "./x509/certificate.ts";
import { subjectKey } from "./x509/extensions.ts";
import type { NameParts } from "./x509/names.ts";
import { fromPem, toPem } from "./x509/pem.ts";

/** Authorities of agencies may stand below a tenant's. */
const depthBelowTenant = 1;

export interface Wanted {
  readonly owner: string;
  readonly hosts: readonly string[];
  readonly from: Date;
  readonly to: Date;
}

/** What a certificate of an authority is made of, beside how long it holds. */
interface Made {
  readonly root: Authority | undefined;
  readonly key: FoundKey;
  readonly parallel: FoundKey | undefined;
  readonly subject: NameParts;
  readonly urls: Urls;
}

export type Generation = AuthorityRecord["former"][number];

export class Founding {
  readonly #parts: PkiParts;
  readonly #signing: Signing;

  constructor(parts: PkiParts, signing: Signing) {
    this.#parts = parts;
    this.#signing = signing;
  }

  /** What a record says of one key of the authority, with the certificates made for it. */
  async generation(
    call: Call,
    wanted: Wanted,
    { root, key, parallel, subject, urls }: Made,
  ): Promise<Generation> {
    const { owner } = wanted;
    const main = issuerOf(key, newestOf(key), subject, urls);
    const first = await this.#certify(call, main, root?.main, wanted);
    const { path } = directoryOf(this.#parts, owner, main);
    const beside = parallelSubject(subject);
    const second = parallel && issuerOf(parallel, newestOf(parallel), beside, urls);
    const secondRecord = second && (await this.#parallel(call, root, second, wanted, path));
    if (root !== undefined) {
      const issued = readIssued(first, "authority");
      await root.directory.add(issued, toPem("CERTIFICATE", first));
      call.note({ certificate: putOnRecord(root, issued) });
    }
    call.note({ authority: main.identifier.toString("hex"), key: key.record.name });
    return {
      key: { name: key.record.name, version: newestOf(key) },
      certificate: first.toString("base64"),
      ...(root && { root: root.record.certificate }),
      ...(secondRecord && { parallel: secondRecord }),
      urls,
    };
  }

  /** The second authority's certificate, which a token has no room for. */
  async #parallel(
    call: Call,
    root: Authority | undefined,
    issuer: Issuer,
    wanted: Wanted,
    directory: string,
  ): Promise<NonNullable<AuthorityRecord["parallel"]>> {
    const der = await this.#certify(call, issuer, root?.parallel, wanted);
    const pem = toPem("CERTIFICATE", der);
    const above = (root && (await chainOf(root)).parallel?.root) ?? pem;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await replaceFile(join(directory, parallelFile), pem);
      await replaceFile(join(directory, parallelRootFile), above);
    } catch (error) {
      throw diskFailure(error, directory, "the authority was not made");
    }
    const sha256 = (text: string) => hash("sha256", fromPem(text, ["CERTIFICATE"]) ?? "", "hex");
    const { found, version } = issuer.key;
    return {
      key: { name: found.record.name, version: version.version },
      ...{ fingerprint: sha256(pem), root: sha256(above) },
    };
  }

  async #certify(call: Call, own: Issuer, by: Issuer | undefined, wanted: Wanted): Promise<Buffer> {
    const { der, receipt } = await this.sign(own, by ?? own, wanted);
    const label = own.algorithm === "P-384" ? "receipt" : "parallelReceipt";
    call.note({ [label]: receipt });
    return der;
  }

  async sign(own: Issuer, issuer: Issuer, { owner, hosts, from, to }: Wanted) {
    const holder = { tenant: owner, region: this.#parts.region, domains: hosts };
    const isRoot = owner === nodeOwner;
    const content = certificateContent({
      ...{ serial: newSerial(), algorithm: issuer.algorithm, issuer: issuer.name },
      ...{ subject: own.name, spki: own.spki, notBefore: from, notAfter: to },
      extensions: [
        ...(isRoot ? rootExtensions() : authorityExtensions(holder, depthBelowTenant)),
        subjectKey(own.identifier),
        issuer.authorityKey,
        // Nobody can revoke what trusts itself.
        ...(issuer === own ? [] : issuer.pointers),
      ],
    });
    const { signature, receipt } = await this.#signing.sign(issuer.key, content, "authority");
    return { der: signed(content, issuer.algorithm, signature), receipt };
  }
}
