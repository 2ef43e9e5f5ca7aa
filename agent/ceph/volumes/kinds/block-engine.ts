/**
 * Block volumes on RBD: an image in a RADOS namespace of its own, so that a key can be let at one and
 * not at another, behind whose LUKS2 header all is encrypted by whoever opens it.
 */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";

/** Bytes of an image before its payload, as the helper makes it. */
export const headerBytes = 16 * 1024 ** 2;

/** Of pool, namespace and image; how RBD's programs name it. */
export interface Place {
  pool: string;
  namespace: string;
  image: string;
}

export const namespaceOf = (tenant: string, volume: string) => `${tenant}.${volume}`;
export const specOf = ({ pool, namespace, image }: Place) => `${pool}/${namespace}/${image}`;

const sizeSchema = v.object({ size: v.number() });
const madeSchema = v.object({ size: v.number(), opens: v.boolean() });
const listSchema = v.record(v.string(), v.array(v.string()));
const countSchema = v.object({ used: v.number(), next: v.nullable(v.number()) });
const looseSchema = v.object({
  loose: v.array(v.object({ namespace: v.string(), name: v.string() })),
  isWhole: v.boolean(),
});
const leftSchema = v.object({ images: v.array(v.string()), trash: v.array(v.string()) });

export class BlockEngine {
  readonly #ceph: Pick<Ceph, "text" | "mgr">;

  constructor(ceph: Pick<Ceph, "text" | "mgr">) {
    this.#ceph = ceph;
  }

  /** @returns payload in bytes; undefined where there is no such image */
  async look({ pool, namespace, image }: Place): Promise<number | undefined> {
    try {
      return (await this.#ask(sizeSchema, "look", { pool, namespace, image })).size - headerBytes;
    } catch (error) {
      if (error instanceof DsecosError && error.code === "NotFound") return undefined;
      throw error;
    }
  }

  /**
   * Makes what is missing of it; may be asked again when it was cut off.
   * @param bytes of payload
   * @returns whether the passphrase opens it; one of other content is left as it is
   */
  async make(place: Place, bytes: number, passphrase: string): Promise<boolean> {
    const args = { ...place, size: bytes, passphrase };
    return (await this.#ask(madeSchema, "make", args)).opens;
  }

  async grow(place: Place, bytes: number): Promise<void> {
    await this.#ask(sizeSchema, "grow", { ...place, size: bytes + headerBytes });
  }

  /**
   * Has the manager remove all that is in a namespace, which it goes on with behind this.
   * @returns whether all is gone, the namespace too
   */
  async clear({ pool, namespace }: Omit<Place, "image">): Promise<boolean> {
    const left = await this.#left(pool, namespace);
    for (const image of left.images) {
      const image_spec = specOf({ pool, namespace, image });
      await unlessMissing(this.#ceph.mgr("rbd task add remove", { image_spec }));
    }
    for (const id of left.trash) {
      const image_id_spec = specOf({ pool, namespace, image: id });
      await unlessMissing(this.#ceph.mgr("rbd task add trash remove", { image_id_spec }));
    }
    return left.images.length + left.trash.length === 0;
  }

  /**
   * Counts what was written to an image, object by object: OSDs are asked for each, some seconds at a time.
   * @returns bytes of payload
   */
  async count(place: Place): Promise<number> {
    let used = 0;
    for (let from: number | null = 0; from !== null; ) {
      const counted: v.InferOutput<typeof countSchema> = await this.#ask(countSchema, "count", {
        ...place,
        from,
      });
      used += counted.used;
      from = counted.next;
    }
    return used;
  }

  /** Objects that belong to no image, as far as there was time to list the pool's names. */
  loose(pool: string): Promise<v.InferOutput<typeof looseSchema>> {
    return this.#ask(looseSchema, "loose", { pool });
  }

  /** Images by namespace. */
  list(pool: string): Promise<Record<string, string[]>> {
    return this.#ask(listSchema, "list", { pool });
  }

  async #left(pool: string, namespace: string) {
    try {
      return await this.#ask(leftSchema, "clear", { pool, namespace });
    } catch (error) {
      // There is no such pool.
      if (error instanceof DsecosError && error.code === "NotFound") {
        return { images: [], trash: [] };
      }
      throw error;
    }
  }

  async #ask<S extends v.GenericSchema>(
    schema: S,
    act: string,
    args: Record<string, unknown>,
  ): Promise<v.InferOutput<S>> {
    const answer = await this.#ceph.text("images", act, args);
    return v.parse(schema, JSON.parse(Buffer.from(answer).toString("utf8")));
  }
}

async function unlessMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DsecosError && error.code === "NotFound")) throw error;
  }
}
