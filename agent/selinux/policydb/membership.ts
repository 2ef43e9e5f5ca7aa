import type { Cursor } from "./cursor.ts";

/** Far above what policies have: Debian's own has a hundred thousand. */
const most = 1 << 24;

/**
 * Which rules speak about a type: those of its own id and of every id in its map, as the kernel
 * looks them up. Both directions as one list of numbers with an index into it.
 */
export class Membership {
  readonly #ofType: Uint16Array;
  readonly #typeStart: Uint32Array;
  readonly #members: Uint16Array;
  readonly #memberStart: Uint32Array;

  private constructor(typeStart: Uint32Array, ofType: Uint16Array) {
    this.#typeStart = typeStart;
    this.#ofType = ofType;
    const count = typeStart.length - 2;
    const start = new Uint32Array(count + 2);
    for (const id of ofType) start[id + 1] = (start[id + 1] ?? 0) + 1;
    for (let id = 1; id < start.length; id++) start[id] = (start[id] ?? 0) + (start[id - 1] ?? 0);
    const next = start.slice();
    this.#members = new Uint16Array(ofType.length);
    for (let type = 1; type <= count; type++)
      for (const id of this.idsOf(type)) {
        const at = next[id] ?? 0;
        next[id] = at + 1;
        this.#members[at] = type;
      }
    this.#memberStart = start;
  }

  /**
   * @param attributes 1 for ids that are attributes: they are members of nothing, since no process
   *   and no file can have one as its type
   */
  static read(cursor: Cursor, count: number, attributes: Uint8Array): Membership {
    const start = new Uint32Array(count + 2);
    let ids = new Uint16Array(count * 4 + 16);
    let length = 0;
    const push = (id: number): void => {
      if (length === ids.length) {
        if (length >= most) cursor.fail(`types have more than ${most} attributes in all`);
        const grown = new Uint16Array(Math.min(most, length * 2));
        grown.set(ids);
        ids = grown;
      }
      ids[length++] = id;
    };
    for (let type = 1; type <= count; type++) {
      const at = cursor.at;
      const bitmap = cursor.ebitmap("the attributes of a type");
      if (bitmap.highest >= count) cursor.fail("a type has an attribute that is not there", at);
      start[type] = length;
      if (attributes[type] === 1) continue;
      if (!bitmap.has(type - 1)) push(type);
      bitmap.each((bit) => {
        push(bit + 1);
      });
    }
    start[count + 1] = length;
    return new Membership(start, ids.slice(0, length));
  }

  /** The type's own id and those of its attributes. */
  idsOf(type: number): Uint16Array {
    return this.#ofType.subarray(this.#typeStart[type], this.#typeStart[type + 1]);
  }

  /** The types that a rule about `id` speaks about: the members of an attribute, or the type. */
  membersOf(id: number): Uint16Array {
    return this.#members.subarray(this.#memberStart[id], this.#memberStart[id + 1]);
  }
}
