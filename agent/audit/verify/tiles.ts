/** The log's tiles, against the bundles' roots and against each other. */
import { bundleEvents } from "../segments/format.ts";
import { hashBytes, rootOf } from "../tlog/merkle.ts";
import { parseTilePath, tilePath, tileWidth } from "../tlog/tiles.ts";
import { type FileRef, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";

interface StoredTile {
  n: number;
  width: number;
  ref: FileRef;
}

export class Tiles {
  /** By level, from 1 on, and number; widest first. */
  readonly #stored = new Map<string, StoredTile[]>();
  readonly #findings: Findings;
  #levels = 0;
  /** Roots of the bundles of the tile of level 1 that is being filled. */
  #roots: (Buffer | undefined)[] = [];
  #n = 0;

  constructor(files: ReadonlyMap<string, FileRef>, findings: Findings) {
    this.#findings = findings;
    for (const ref of files.values()) {
      const name = parseTilePath(ref.path);
      if (name === undefined || typeof name.level === "string" || name.level < 1) continue;
      if (ref.size !== name.width * hashBytes) {
        this.#tell(ref.path, undefined, `The tile has ${ref.size} bytes.`);
        continue;
      }
      this.#levels = Math.max(this.#levels, name.level);
      const key = `${name.level}/${name.n}`;
      const tiles = [...(this.#stored.get(key) ?? []), { n: name.n, width: name.width, ref }];
      this.#stored.set(
        key,
        tiles.sort((a, b) => b.width - a.width),
      );
    }
  }

  /** @returns the root of a bundle by the tile of level 1. */
  bundleRoot(bundle: number): Buffer | undefined {
    const n = Math.floor(bundle / tileWidth);
    const at = bundle % tileWidth;
    const tile = this.#read(1, n, at + 1);
    return tile && Buffer.from(tile.subarray(at * hashBytes, (at + 1) * hashBytes));
  }

  #last: { key: string; bytes: Buffer } | undefined;

  #read(level: number, n: number, width: number): Buffer | undefined {
    const key = `${level}/${n}`;
    const [widest] = this.#stored.get(key) ?? [];
    if (widest === undefined || widest.width < width) return undefined;
    if (this.#last?.key !== key) this.#last = { key, bytes: readWhole(widest.ref) };
    return this.#last.bytes;
  }

  /** Takes the roots of bundles in their order; those between are not known. */
  put(bundle: number, root: Buffer | undefined): void {
    const count = this.#n * tileWidth + this.#roots.length;
    // Where segments overlap, the first one counts.
    for (let at = count; at <= bundle; at++) {
      this.#roots.push(at === bundle ? root : undefined);
      if (this.#roots.length === tileWidth) this.#finish();
    }
  }

  #finish(): void {
    for (const { ref, width } of this.#stored.get(`1/${this.#n}`) ?? []) {
      const bytes = readWhole(ref);
      const at = this.#roots.findIndex((root, i) => {
        const stored = bytes.subarray(i * hashBytes, (i + 1) * hashBytes);
        return i < width && root !== undefined && !stored.equals(root);
      });
      if (at >= 0) {
        this.#tell(
          ref.path,
          this.#n * tileWidth + at,
          "The tile has another hash for these events.",
        );
      } else if (width > this.#roots.length) {
        this.#tell(ref.path, undefined, "The tile has hashes of events that are not there.");
      }
    }
    this.#roots = [];
    this.#n++;
  }

  /** @param closed number of bundles in closed and removed segments, whose tiles must be there */
  end(closed: number): void {
    if (this.#roots.length > 0) this.#finish();
    for (const [key, [tile]] of this.#stored) {
      if (key.startsWith("1/") && tile !== undefined && tile.n >= this.#n) {
        this.#tell(tile.ref.path, undefined, "The tile is of events that are not there.");
      }
    }
    for (let level = 1, hashes = closed; hashes > 0; level++) {
      for (let n = 0; n * tileWidth < hashes; n++) {
        const width = Math.min(tileWidth, hashes - n * tileWidth);
        const [widest] = this.#stored.get(`${level}/${n}`) ?? [];
        if ((widest?.width ?? 0) < width) {
          this.#tell(tilePath(level, n, width), undefined, "The tile is missing.");
        }
      }
      hashes = Math.floor(hashes / tileWidth);
    }
    for (let level = 2; level <= this.#levels; level++) this.#checkAbove(level);
  }

  #checkAbove(level: number): void {
    for (const [key, tiles] of this.#stored) {
      if (!key.startsWith(`${level}/`)) continue;
      for (const { n, width, ref } of tiles) {
        const bytes = readWhole(ref);
        for (let i = 0; i < width; i++) {
          const below = this.#read(level - 1, n * tileWidth + i, tileWidth);
          const stored = bytes.subarray(i * hashBytes, (i + 1) * hashBytes);
          if (below !== undefined && rootOf(Buffer.from(below)).equals(stored)) continue;
          this.#tell(ref.path, undefined, `Hash ${i} of the tile is not that of the tile below.`);
          break;
        }
      }
    }
  }

  #tell(file: string, bundle: number | undefined, text: string): void {
    const range =
      bundle === undefined
        ? {}
        : { first: bundle * bundleEvents, last: (bundle + 1) * bundleEvents - 1 };
    this.#findings.add({ code: "tree.tile", file, ...range, text });
  }
}
