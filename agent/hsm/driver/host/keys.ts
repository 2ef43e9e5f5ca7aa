/** Keys in a token: made, found, listed, destroyed. */
import type { Algorithm } from "../../algorithms.ts";
import {
  isTokenAlgorithm,
  keyType,
  pairTemplates,
  secretTemplate,
  type TokenAlgorithm,
} from "../pkcs11/keytypes.ts";
import { type Attribute, type Handle, type Module, readAttribute } from "../pkcs11/module.ts";
import { CKA, CKO, type Numbers } from "../pkcs11/numbers.ts";
import { DriverError, type KeyInToken } from "../types.ts";
import { absent } from "./failures.ts";
import { KeyReader } from "./read-key.ts";
import type { FoundKey, Token } from "./token.ts";
import type { Tokens } from "./tokens.ts";
import { turns } from "./turns.ts";

/** What a token made, with what was asked of each half. */
interface Made {
  own: Handle;
  open?: Handle;
  asked: { handle: Handle; template: Attribute[] }[];
}

const isPrivate = (kind: number) => kind === CKO.PRIVATE_KEY || kind === CKO.SECRET_KEY;

export class Keys {
  readonly #tokens: Tokens;
  readonly #module: Module;
  readonly #numbers: Numbers;
  readonly #reader: KeyReader;

  constructor(tokens: Tokens, numbers: Numbers) {
    this.#tokens = tokens;
    this.#module = tokens.module;
    this.#numbers = numbers;
    this.#reader = new KeyReader(tokens.module, numbers);
  }

  /** @throws DriverError keyMissing, ambiguous */
  find(session: Handle, token: Token, id: string): FoundKey {
    const known = token.keys.get(id);
    if (known !== undefined) return known;
    const handle = this.#only(session, id);
    const key = { handle, algorithm: this.#reader.algorithm(session, handle) };
    token.keys.set(id, key);
    return key;
  }

  #only(session: Handle, id: string): Handle {
    const { own } = this.#halves(session, id);
    const [handle] = own;
    if (handle === undefined) throw new DriverError("keyMissing", `there is no key ${id}`);
    if (own.length > 1) {
      throw new DriverError("ambiguous", `${own.length} keys answer to ${id}; none is used`);
    }
    return handle;
  }

  /** Private or secret keys with an id, and public ones. */
  #halves(session: Handle, id: string): { own: Handle[]; open: Handle[] } {
    const found = this.#tokens.objects(session, [
      { type: CKA.ID, value: Buffer.from(id, "hex") },
      { type: CKA.TOKEN, value: true },
    ]);
    const own: Handle[] = [];
    const open: Handle[] = [];
    for (const handle of found) {
      const kind = this.#kind(session, handle);
      if (isPrivate(kind)) own.push(handle);
      else if (kind === CKO.PUBLIC_KEY) open.push(handle);
    }
    return { own, open };
  }

  #kind(session: Handle, handle: Handle): number {
    return Number(readAttribute(this.#module, session, handle, CKA.CLASS).readBigUInt64LE());
  }

  key(label: string, id: string): Promise<KeyInToken> {
    return this.#tokens.run(label, "read a key", (session) => {
      const handle = this.#only(session, id);
      const [open] = this.#halves(session, id).open;
      return this.#reader.key(session, handle, open);
    });
  }

  /** Looks at every object, so it lets others have a turn now and then. */
  keys(label: string): Promise<KeyInToken[]> {
    return this.#tokens.run(label, "list keys", async (session, token) => {
      const open = new Map<string, Handle>();
      for (const handle of this.#ofKind(session, CKO.PUBLIC_KEY)) {
        open.set(this.#id(session, handle), handle);
      }
      const own = [CKO.PRIVATE_KEY, CKO.SECRET_KEY].flatMap((kind) => this.#ofKind(session, kind));
      const keys: KeyInToken[] = [];
      const seen = new Set<string>();
      const turn = turns();
      for (const handle of own) {
        const id = this.#id(session, handle);
        // Whoever comes second makes the first ambiguous.
        if (seen.has(id)) token.keys.delete(id);
        seen.add(id);
        keys.push(this.#reader.key(session, handle, open.get(id)));
        await turn();
      }
      if (!token.isThere()) throw absent(label);
      return keys;
    });
  }

  #ofKind(session: Handle, kind: number): Handle[] {
    return this.#tokens.objects(session, [
      { type: CKA.CLASS, value: kind },
      { type: CKA.TOKEN, value: true },
    ]);
  }

  #id(session: Handle, handle: Handle): string {
    return readAttribute(this.#module, session, handle, CKA.ID).toString("hex");
  }

  async generate(label: string, id: string, algorithm: Algorithm): Promise<KeyInToken> {
    if (!isTokenAlgorithm(algorithm)) {
      throw new DriverError("unsupported", `no token makes a key ${algorithm} here`);
    }
    return await this.#make(label, id, algorithm, "sign");
  }

  generateAgreement(label: string, id: string): Promise<KeyInToken> {
    return this.#make(label, id, "P-384", "derive");
  }

  async #make(label: string, id: string, algorithm: TokenAlgorithm, use: "sign" | "derive") {
    if (!/^[0-9a-f]{32}$/.test(id)) {
      throw new DriverError("refused", "an id has 16 bytes, as hexadecimal");
    }
    await this.#tokens.run(label, "look for the id", (session, token) => {
      const { own, open } = this.#halves(session, id);
      if (own.length + open.length > 0) throw new DriverError("exists", `there is a key ${id}`);
      if (!token.isThere()) throw absent(label);
    });
    return await this.#tokens.run(
      label,
      "make a key",
      async (session) => {
        const made = await this.#generate(session, id, algorithm, use);
        return this.#checked(session, id, algorithm, made);
      },
      false,
    );
  }

  async #generate(
    session: Handle,
    id: string,
    algorithm: TokenAlgorithm,
    use: "sign" | "derive",
  ): Promise<Made> {
    const mechanism = { mechanism: keyType(algorithm, this.#numbers).generate };
    if (algorithm === "AES-256") {
      const template = secretTemplate(id, this.#numbers);
      const own = await this.#module.generateKeyAsync(session, mechanism, template);
      return { own, asked: [{ handle: own, template }] };
    }
    const { publicHalf, privateHalf } = pairTemplates(algorithm, id, use, this.#numbers);
    const pair = await this.#module.generateKeyPairAsync(
      session,
      mechanism,
      publicHalf,
      privateHalf,
    );
    const { privateKey: own, publicKey: open } = pair;
    const asked = [
      { handle: own, template: privateHalf },
      { handle: open, template: publicHalf },
    ];
    return { own, open, asked };
  }

  /**
   * Believes no module: a key that can leave it, was not made in it, or may be used for more than was
   * asked, does not stay.
   */
  #checked(session: Handle, id: string, algorithm: TokenAlgorithm, made: Made): KeyInToken {
    let wrong: string;
    try {
      const key = this.#reader.key(session, made.own, made.open);
      wrong = [...faults(key, id, algorithm), ...this.#otherFlags(session, made)].join(", ");
      if (wrong === "") return key;
    } catch (error) {
      wrong = `it does not tell what it is (${error instanceof Error ? error.message : error})`;
    }
    for (const handle of [made.own, made.open]) {
      if (handle !== undefined) this.#module.C_DestroyObject(session, handle);
    }
    throw new DriverError("badKey", `the token made a key that is not safe: ${wrong}`);
  }

  /** Every flag is read back, as for its uses. */
  #otherFlags(session: Handle, { asked }: Made): string[] {
    return asked.flatMap(({ handle, template }) =>
      template
        .filter(({ type, value }) => {
          if (typeof value !== "boolean") return false;
          return (readAttribute(this.#module, session, handle, type)[0] === 1) !== value;
        })
        .map(({ type, value }) => `${attributeName(type)} is ${!value}`),
    );
  }

  /** Both halves; a key that answers to no one or to several is not touched. */
  destroy(label: string, id: string): Promise<void> {
    return this.#tokens.run(label, "destroy a key", (session, token) => {
      const own = this.#only(session, id);
      const { open } = this.#halves(session, id);
      token.keys.delete(id);
      // The private half last: what is left after a crash is a key that is found and destroyed again.
      for (const handle of [...open, own]) this.#module.C_DestroyObject(session, handle);
    });
  }
}

function attributeName(type: number): string {
  const name = Object.entries(CKA).find(([, number]) => number === type)?.[0];
  return `CKA_${name ?? type.toString(16)}`;
}

/** What cannot be asked for, or says more than a flag; what can is compared with what was asked. */
function faults(key: KeyInToken, id: string, algorithm: TokenAlgorithm): string[] {
  const wrong: string[] = [];
  if (!key.alwaysSensitive) wrong.push("CKA_ALWAYS_SENSITIVE is false");
  if (!key.neverExtractable) wrong.push("CKA_NEVER_EXTRACTABLE is false");
  if (!key.local) wrong.push("CKA_LOCAL is false");
  if (key.id !== id) wrong.push("CKA_ID is another");
  if (key.algorithm !== algorithm) wrong.push(`its type is ${key.algorithm}`);
  if (algorithm !== "AES-256" && key.spki.length === 0) wrong.push("its public half is not told");
  return wrong;
}
