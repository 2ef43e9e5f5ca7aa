/**
 * Where OSDs are. Each way from an OSD up to a root of the CRUSH tree must pass a bucket with a
 * jurisdiction, and all those passed must be allowed: so a host in two trees, a jurisdiction inside
 * another, and a bucket that is not the one that was signed for make it not so. Shadow buckets have no
 * say; OSDs that are in nothing else are nowhere.
 */
import type { JurisdictionMap } from "./map/document.ts";
import type { Bucket, Crush } from "./read/crush.ts";

export interface Displaced {
  /** `unknown` where a bucket is another than the one that the map names. */
  effect: "violates" | "unknown";
  why: string;
  /** Names, from the root down to the OSD. */
  path: string[];
}

interface Place {
  jurisdictions: ReadonlySet<string>;
  /** A way up passes no bucket with a jurisdiction. */
  bare: boolean;
  /** Names of buckets above that are not as in the map. */
  disputed: ReadonlySet<string>;
}

export class Places {
  readonly #crush: Crush;
  readonly #jurisdictions = new Map<number, string>();
  readonly #disputed = new Map<number, string>();
  readonly #buckets = new Map<number, Place>();
  readonly #osds = new Map<number, Place>();
  readonly #within = new Map<string, Uint8Array>();

  constructor(crush: Crush, { buckets }: Pick<JurisdictionMap, "buckets">) {
    this.#crush = crush;
    for (const { id, name, jurisdiction } of buckets) {
      const byId = crush.buckets.get(id);
      const byName = crush.bucketNames.get(name);
      if (byId !== undefined && byId === byName) this.#jurisdictions.set(id, jurisdiction);
      for (const other of [byId, byName]) {
        if (other === undefined || byId === byName) continue;
        const what = `${other.name} (${other.id}) is not ${name} (${id}), as the map has it`;
        this.#disputed.set(other.id, what);
      }
    }
  }

  /**
   * Which OSDs are where they may be: 1 by the OSD's number, anything else where it is not; found once
   * for each set of jurisdictions.
   */
  within(allowed: readonly string[]): Uint8Array {
    const key = [...allowed].sort().join(" ");
    let found = this.#within.get(key);
    if (found === undefined) {
      const wanted = new Set(allowed);
      const { devices } = this.#crush;
      found = new Uint8Array(devices.size === 0 ? 0 : Math.max(...devices.keys()) + 1);
      for (const osd of devices.keys()) {
        if (isWithin(this.#placeOf(osd), wanted)) found[osd] = 1;
      }
      this.#within.set(key, found);
    }
    return found;
  }

  /** Jurisdictions above an OSD; not certain where a way up passes none, or a bucket in doubt. */
  above(osd: number): { names: ReadonlySet<string>; certain: boolean } {
    const { jurisdictions, bare, disputed } = this.#placeOf(osd);
    return { names: jurisdictions, certain: !bare && disputed.size === 0 };
  }

  /** Of an OSD that is not within. */
  explain(osd: number, names: readonly string[]): Displaced {
    const allowed = new Set(names);
    const { jurisdictions, disputed } = this.#placeOf(osd);
    const outside = [...jurisdictions].filter((each) => !allowed.has(each)).sort();
    const path = this.#path(osd, allowed);
    const known = this.#crush.parents.has(osd);
    if (!known) return { effect: "violates", why: "is nowhere in the CRUSH tree", path };
    if (outside.length > 0) return { effect: "violates", why: `is in ${outside.join(", ")}`, path };
    if (disputed.size > 0) {
      const why = `is below a bucket in doubt: ${[...disputed].join("; ")}`;
      return { effect: "unknown", why, path };
    }
    return { effect: "violates", why: "has no bucket with a jurisdiction above it", path };
  }

  #placeOf(osd: number): Place {
    let place = this.#osds.get(osd);
    if (place === undefined) {
      place = this.#joined(this.#crush.parents.get(osd) ?? []);
      this.#osds.set(osd, place);
    }
    return place;
  }

  /** Of what is directly below these, of which shadows do not count. */
  #joined(parents: readonly Bucket[]): Place {
    const above = parents
      .filter(({ shadow }) => !shadow)
      .map((parent) => this.#bucketPlace(parent));
    const [only] = above;
    if (only !== undefined && above.length === 1) return only;
    return {
      jurisdictions: new Set(above.flatMap((place) => [...place.jurisdictions])),
      bare: above.length === 0 || above.some((place) => place.bare),
      disputed: new Set(above.flatMap((place) => [...place.disputed])),
    };
  }

  #bucketPlace(bucket: Bucket): Place {
    const found = this.#buckets.get(bucket.id);
    if (found !== undefined) return found;
    const above = this.#joined(this.#crush.parents.get(bucket.id) ?? []);
    const own = this.#jurisdictions.get(bucket.id);
    const doubt = this.#disputed.get(bucket.id);
    const place = {
      jurisdictions:
        own === undefined ? above.jurisdictions : new Set([...above.jurisdictions, own]),
      bare: above.bare && own === undefined,
      disputed: doubt === undefined ? above.disputed : new Set([...above.disputed, doubt]),
    };
    this.#buckets.set(bucket.id, place);
    return place;
  }

  /** A way that shows it: through a bucket that is elsewhere or in doubt, else without a jurisdiction. */
  #path(osd: number, allowed: ReadonlySet<string>): string[] {
    const guilty = (bucket: Bucket) => {
      const own = this.#jurisdictions.get(bucket.id);
      return this.#disputed.has(bucket.id) || (own !== undefined && !allowed.has(own));
    };
    const climb = (
      id: number,
      name: string,
    ): { names: string[]; guilty: boolean; bare: boolean } => {
      const parents = (this.#crush.parents.get(id) ?? []).filter(({ shadow }) => !shadow);
      const self = this.#crush.buckets.get(id);
      const own = {
        guilty: self !== undefined && guilty(self),
        bare: !this.#jurisdictions.has(id),
      };
      const ways = parents.map((parent) => climb(parent.id, parent.name));
      const way = ways.find((one) => one.guilty) ?? ways.find((one) => one.bare) ?? ways[0];
      return {
        names: [...(way?.names ?? []), name],
        guilty: own.guilty || way?.guilty === true,
        bare: own.bare && (way?.bare ?? true),
      };
    };
    return climb(osd, `osd.${osd}`).names;
  }
}

function isWithin(place: Place, allowed: ReadonlySet<string>): boolean {
  if (place.bare || place.disputed.size > 0) return false;
  for (const jurisdiction of place.jurisdictions) if (!allowed.has(jurisdiction)) return false;
  return true;
}
