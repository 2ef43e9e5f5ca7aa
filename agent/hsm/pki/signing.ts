/**
 * Signatures of authorities: the key's state and the tenant's rules are asked first, and each leaves
 * a receipt. Keys of authorities are keys as all others, under names that nobody else may use.
 */
import { DsecosError } from "../../bus/errors.ts";
import { asking } from "../errors.ts";
import type { Decision } from "../jurisdiction/decide.ts";
import { uses } from "../keys/lifecycle.ts";
import type { KeyRecord, KeyVersion } from "../keys/record.ts";
import { seedAad } from "../keys/sealing.ts";
import type { FoundKey, Token } from "../parts.ts";
import type { Receipt } from "../use/receipt.ts";
import type { PkiParts } from "./parts.ts";
import type { AuthorityAlgorithm } from "./x509/algorithms.ts";

export interface SigningKey {
  readonly found: FoundKey;
  readonly version: KeyVersion;
  readonly algorithm: AuthorityAlgorithm;
}

export interface Signed {
  readonly signature: Uint8Array;
  readonly receipt: Receipt;
}

export class Signing {
  readonly #parts: Pick<PkiParts, "jurisdiction" | "meter">;

  constructor(parts: Pick<PkiParts, "jurisdiction" | "meter">) {
    this.#parts = parts;
  }

  /**
   * @param purpose what is signed, for the receipt: certificate, list or status
   * @throws DsecosError where the key may not sign, or the token does not
   */
  async sign(key: SigningKey, message: Uint8Array, purpose: string): Promise<Signed> {
    const { found, version, algorithm } = key;
    const { record, token } = found;
    mayProtect(found);
    const { rule } = await this.#allowed(token, record);
    return this.#parts.meter.during(token, async (reading) => {
      const signature = await asking({ driver: token.driver.name, token: token.id }, () =>
        token.driver.sign(token.label, algorithm, privateParts(record, version), message),
      );
      const receipt = {
        ...{ key: record.name, version: version.version, operation: "sign", purpose, rule },
        ...{ count: 1, bytes: message.length, token: token.id, reading },
      };
      return { signature, receipt };
    });
  }

  /** The node's own token serves the node, which no tenant's rules speak of. */
  async #allowed(token: Token, { region }: KeyRecord): Promise<Pick<Decision, "rule">> {
    if (token.tenant === "") return { rule: "node" };
    const places = { act: "use", token: token.config.region, key: region } as const;
    return this.#parts.jurisdiction.require(token.tenant, places);
  }
}

function mayProtect({ record, frozen }: FoundKey): void {
  if (frozen !== "") throw new DsecosError("Conflict", frozen);
  if (uses[record.state].protect === "yes") return;
  const what = `The authority's key ${record.name} is ${record.state}, so it signs nothing; see its history.`;
  throw new DsecosError("Conflict", what);
}

function privateParts({ tenant, name, algorithm, region }: KeyRecord, version: KeyVersion) {
  const { id, sealed } = version;
  if (sealed === undefined) return id === undefined ? {} : { id };
  const aad = seedAad({ tenant, key: name, version: version.version, algorithm, region });
  const seal = { id: sealed.under, aad };
  return { sealed: { seal, blob: Buffer.from(sealed.blob, "base64") } };
}
