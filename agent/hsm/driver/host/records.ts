/**
 * Small private data objects of the application `dsecos`. One that is written anew stands beside the
 * old one for a moment; CKA_OBJECT_ID says which is newer.
 */

import { type Handle, type Module, readAttribute } from "../pkcs11/module.ts";
import { CKA, CKO } from "../pkcs11/numbers.ts";
import type { DataObject } from "../types.ts";
import { absent } from "./failures.ts";
import type { Tokens } from "./tokens.ts";
import { turns } from "./turns.ts";

const application = "dsecos";

interface Stored {
  handle: Handle;
  label: string;
  order: Buffer;
}

export class Records {
  readonly #tokens: Tokens;
  readonly #module: Module;
  #lastOrder = 0;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
    this.#module = tokens.module;
  }

  all(label: string): Promise<DataObject[]> {
    return this.#tokens.run(label, "read records", async (session, token) => {
      const newest = new Map<string, Stored>();
      for (const stored of this.#stored(session)) {
        const other = newest.get(stored.label);
        if (other === undefined || Buffer.compare(other.order, stored.order) < 0) {
          newest.set(stored.label, stored);
        }
      }
      const records: DataObject[] = [];
      const turn = turns();
      for (const { label: name, handle } of newest.values()) {
        records.push({ label: name, value: this.#read(session, handle, CKA.VALUE) });
        await turn();
      }
      if (!token.isThere()) throw absent(label);
      return records;
    });
  }

  write(label: string, name: string, value: Uint8Array): Promise<void> {
    return this.#tokens.run(label, "write a record", (session, token) => {
      const old = this.#stored(session, name);
      if (!token.isThere()) throw absent(label);
      this.#module.C_CreateObject(session, [
        { type: CKA.CLASS, value: CKO.DATA },
        { type: CKA.TOKEN, value: true },
        { type: CKA.PRIVATE, value: true },
        { type: CKA.MODIFIABLE, value: false },
        { type: CKA.APPLICATION, value: application },
        { type: CKA.LABEL, value: name },
        { type: CKA.OBJECT_ID, value: this.#order() },
        { type: CKA.VALUE, value: Buffer.from(value) },
      ]);
      for (const { handle } of old) this.#module.C_DestroyObject(session, handle);
    });
  }

  remove(label: string, name: string): Promise<void> {
    return this.#tokens.run(label, "remove a record", (session, token) => {
      const old = this.#stored(session, name);
      if (!token.isThere()) throw absent(label);
      for (const { handle } of old) this.#module.C_DestroyObject(session, handle);
    });
  }

  #stored(session: Handle, name?: string): Stored[] {
    const handles = this.#tokens.objects(session, [
      { type: CKA.CLASS, value: CKO.DATA },
      { type: CKA.TOKEN, value: true },
      { type: CKA.APPLICATION, value: application },
      ...(name === undefined ? [] : [{ type: CKA.LABEL, value: name }]),
    ]);
    return handles.map((handle) => ({
      handle,
      label: this.#read(session, handle, CKA.LABEL).toString("utf8"),
      order: this.#read(session, handle, CKA.OBJECT_ID),
    }));
  }

  #read(session: Handle, handle: Handle, type: number): Buffer {
    return readAttribute(this.#module, session, handle, type);
  }

  /**
   * @returns the object identifier 2.25.n of ITU-T X.667 as DER, where n is the time in microseconds;
   *   always of the same length in our days, so that bytes compare as numbers do.
   */
  #order(): Buffer {
    this.#lastOrder = Math.max(this.#lastOrder + 1, Date.now() * 1000);
    const digits: number[] = [];
    for (let rest = this.#lastOrder; rest > 0; rest = Math.floor(rest / 128)) {
      digits.unshift((rest % 128) | (digits.length === 0 ? 0 : 0x80));
    }
    return Buffer.from([0x06, digits.length + 1, 2 * 40 + 25, ...digits]);
  }
}
