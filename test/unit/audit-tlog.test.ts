import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openCheckpoint, parseCheckpoint } from "../../agent/audit/tlog/checkpoint.ts";
import { cosignaturesOf } from "../../agent/audit/tlog/cosignature.ts";
import { CompactRange, leafHash, rootOf } from "../../agent/audit/tlog/merkle.ts";
import {
  formatNote,
  formatSignature,
  formatVerifierKey,
  NoteError,
  openNote,
  parseNote,
  parseVerifierKey,
  signText,
} from "../../agent/audit/tlog/note.ts";
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  treeRoot,
} from "../../agent/audit/tlog/proofs.ts";
import {
  parseTilePath,
  tileBytes,
  tileHashes,
  tilePath,
  tilesOf,
} from "../../agent/audit/tlog/tiles.ts";
import * as vectors from "../lib/tlog-vectors.ts";

const { goNote, specNote, publicCheckpoint } = vectors;
const base64 = (text: string) => Buffer.from(text, "base64");

describe("signed notes", () => {
  const peter = parseVerifierKey(goNote.peter);
  const enoch = parseVerifierKey(goNote.enoch);
  const note = `${goNote.text}\n${goNote.peterLine}${goNote.enochLine}`;

  it("opens and writes again what Go's implementation wrote", () => {
    for (const key of [peter, enoch]) expect(openNote(note, key).text).toBe(goNote.text);
    expect(formatNote(parseNote(note))).toBe(note);
    expect(formatVerifierKey(peter)).toBe(goNote.peter);
    expect(openNote(specNote.note, parseVerifierKey(specNote.vkey)).signatures).toHaveLength(1);
  });

  it("signs to the same bytes", () => {
    const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
    const der = Buffer.concat([prefix, base64(goNote.secret).subarray(1)]);
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    expect(formatSignature(signText(goNote.text, peter, privateKey))).toBe(goNote.peterLine);
  });

  it("ignores unknown keys, and takes no note that no known key signed", () => {
    expect(() => openNote(`${goNote.text}\n${goNote.enochLine}`, peter)).toThrow(
      "is not signed by",
    );
    // The same id under another name is another key.
    const renamed = note.replace("— PeterNeumann", "— PeterNeuman");
    expect(() => openNote(renamed, peter)).toThrow("is not signed by");
    expect(openNote(renamed, enoch).text).toBe(goNote.text);
  });

  it("takes no changed text or signature", () => {
    expect(() => openNote(note.replace("answer", "Answer"), peter)).toThrow("is wrong");
    expect(() => openNote(note.replace("ZJkuBS9", "ZJkuBS8"), peter)).toThrow("is wrong");
  });

  it.each([
    ["nothing", ""],
    ["no signatures", goNote.text],
    ["no empty line", `${goNote.text}${goNote.peterLine}`],
    ["no newline at the end", note.slice(0, -1)],
    ["a control character", note.replace("you", "y\u0007u")],
    ["a carriage return", note.replace(",\n", ",\r\n")],
    ["a signature without its dash", note.replace("— Enoch", "- Enoch")],
    ["base64 with spare bits", note.replace("wJnAM=", "wJnAN=")],
    ["base64 without padding", note.replace("wJnAM=", "wJnAM")],
    ["a name with a plus sign", note.replace("EnochRoot", "Enoch+Root")],
    ["more than a hundred signatures", note + goNote.enochLine.repeat(100)],
  ])("cannot be read with %s", (_, broken) => {
    expect(() => parseNote(broken)).toThrow(NoteError);
  });

  it("cannot be read when it is no UTF-8", () => {
    expect(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(note)]))).toThrow(NoteError);
  });

  it.each([
    ["another id", goNote.peter.replace("c74f20a3", "c74f20a4")],
    ["another name", goNote.peter.replace("Peter", "Peta")],
    [
      "a type that is not known",
      "PeterNeumann+c74f20a3+Bhpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
    ["too short a key", "PeterNeumann+c74f20a3+ARpc"],
    ["no key", "PeterNeumann"],
  ])("has no verifier key with %s", (_, broken) => {
    expect(() => parseVerifierKey(broken)).toThrow(NoteError);
  });
});

describe("checkpoints and cosignatures", () => {
  it("opens one of a public log, with the signatures of public witnesses", () => {
    const { note, size, log, witnesses } = publicCheckpoint;
    expect(openCheckpoint(note, parseVerifierKey(log)).size).toBe(size);
    for (const witness of witnesses) {
      const { times, wrong } = cosignaturesOf(parseNote(note), parseVerifierKey(witness));
      expect({ count: times.length, wrong }).toEqual({ count: 1, wrong: 0 });
      expect(new Date((times[0] as number) * 1000).getUTCFullYear()).toBe(2026);
      const changed = parseNote(note.replace("1432088532", "1432088533"));
      expect(cosignaturesOf(changed, parseVerifierKey(witness))).toEqual({ times: [], wrong: 1 });
    }
  });

  it.each([
    "origin\n01\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n",
    "origin\n-1\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n",
    "origin\n9007199254740993\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n",
    "origin\n1\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4R==\n",
    "origin\n1\nU7WM\n",
    "\n1\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n",
    "origin\n1\n",
    "origin\n1\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\nmore\n",
  ])("cannot be read: %j", (text) => {
    expect(() => parseCheckpoint(text)).toThrow(NoteError);
  });
});

describe("trees and proofs", () => {
  const leaves = vectors.leaves.map((hex) => leafHash(Buffer.from(`00${hex}`, "hex")));
  const hashes = (level: number, index: number) =>
    rootOf(Buffer.concat(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
  const root = (size: number) => Buffer.from(vectors.roots[size] ?? "", "hex");

  it("has the published roots", () => {
    for (const size of vectors.roots.keys()) {
      const range = new CompactRange();
      for (const leaf of leaves.slice(0, size)) range.append(leaf);
      expect(range.root()).toEqual(root(size));
      expect(treeRoot(hashes, size)).toEqual(root(size));
    }
  });

  it("makes and checks the published proofs of inclusion", () => {
    for (const { index, size, proof } of vectors.inclusion) {
      const own = inclusionProof(hashes, index, size);
      expect(own.map((hash) => hash.toString("base64"))).toEqual(proof);
      expect(isIncluded(leaves[index] as Buffer, index, size, own, root(size))).toBe(true);
    }
  });

  it("makes and checks the published proofs of consistency", () => {
    for (const { from, to, proof } of vectors.consistency) {
      const own = consistencyProof(hashes, from, to);
      expect(own.map((hash) => hash.toString("base64"))).toEqual(proof);
      const [older, newer] = [from, to].map((size) => ({ size, root: root(size) })) as [
        never,
        never,
      ];
      expect(isConsistent(older, newer, own)).toBe(true);
    }
  });

  it("takes no proof of anything else, as in the published bad ones", () => {
    for (const { index, size, proof } of vectors.inclusion) {
      const good = proof.map(base64);
      const takes = (
        i: number,
        n: number,
        p: Buffer[],
        r = root(size),
        l = leaves[index] as Buffer,
      ) => isIncluded(l, i, n, p, r);
      expect(takes(index + 1, size, good)).toBe(false);
      expect(takes(index - 1, size, good)).toBe(false);
      expect(takes(index ^ 2, size, good)).toBe(false);
      expect(takes(index, size * 2, good)).toBe(false);
      expect(takes(index, size >> 1, good)).toBe(false);
      for (const bad of badProofs(good, root(size))) expect(takes(index, size, bad)).toBe(false);
      expect(takes(index, size, good, Buffer.alloc(32))).toBe(false);
      expect(takes(index, size, good, root(size), Buffer.from("WrongLeaf"))).toBe(false);
    }
    for (const { from, to, proof } of vectors.consistency) {
      const good = proof.map(base64);
      const takes = (m: number, n: number, p: Buffer[], a = root(from), b = root(to)) =>
        isConsistent({ size: m, root: a }, { size: n, root: b }, p);
      expect(takes(from - 1, to, good)).toBe(false);
      expect(takes(from + 1, to, good)).toBe(false);
      expect(takes(from ^ 2, to, good)).toBe(false);
      expect(takes(from, to * 2, good)).toBe(false);
      expect(takes(from, to >> 1, good)).toBe(false);
      for (const bad of badProofs(good, root(to))) expect(takes(from, to, bad)).toBe(false);
      expect(takes(from, to, good, root(to), root(from))).toBe(false);
      expect(takes(from, to, good, Buffer.alloc(32))).toBe(false);
      expect(takes(from, to, good, root(from), Buffer.alloc(32))).toBe(false);
    }
  });

  it("makes proofs that hold for every size up to 70", () => {
    const many = Array.from({ length: 70 }, (_, i) => leafHash(Buffer.of(0, i)));
    const source = (level: number, index: number) =>
      rootOf(Buffer.concat(many.slice(index * 2 ** level, (index + 1) * 2 ** level)));
    const rootAt = (size: number) => ({ size, root: treeRoot(source, size) });
    for (let size = 1; size <= many.length; size++) {
      const tree = rootAt(size);
      const held = many
        .slice(0, size)
        .every((leaf, i) => isIncluded(leaf, i, size, inclusionProof(source, i, size), tree.root));
      expect(held).toBe(true);
      for (let from = 0; from <= size; from++) {
        expect(isConsistent(rootAt(from), tree, consistencyProof(source, from, size))).toBe(true);
      }
    }
  });
});

function badProofs(good: readonly Buffer[], root: Buffer): Buffer[][] {
  const flipped = good.map((hash, i) => {
    const changed = Buffer.from(hash);
    changed[0] = (changed[0] ?? 0) ^ 16;
    return good.with(i, changed);
  });
  const garbage = Buffer.alloc(0);
  return [
    [],
    good.slice(0, -1),
    [...good, garbage],
    [garbage, ...good],
    [...good, root],
    [root, ...good],
    ...flipped,
  ];
}

describe("tiles", () => {
  it("has the paths of the specification", () => {
    expect(tilePath(3, 1_234_067)).toBe("tile/3/x001/x234/067");
    expect(tilePath(0, 0, 112)).toBe("tile/0/000.p/112");
    expect(tilePath("entries", 1000)).toBe("tile/entries/x001/000");
    expect(parseTilePath("tile/3/x001/x234/067.p/7")).toEqual({ level: 3, n: 1_234_067, width: 7 });
    for (const other of [
      "tile/03/000",
      "tile/0/x000/000",
      "tile/0/00",
      "tile/0/000.p/256",
      "tile/0/000.p/0",
      "tile/1/001.p/01",
    ]) {
      expect(parseTilePath(other)).toBeUndefined();
    }
  });

  it("has the tiles of the specification's example of 70,000 leaves", () => {
    const tiles = [...tilesOf(70_000)];
    const at = (wanted: number) =>
      tiles.filter(({ level }) => level === wanted).map(({ width }) => width);
    expect(at(0)).toEqual([...Array(273).fill(256), 112]);
    expect(at(1)).toEqual([256, 17]);
    expect(at(2)).toEqual([1]);
    expect(tiles).toHaveLength(277);
    expect([...tilesOf(256)].map(({ level, width }) => [level, width])).toEqual([
      [0, 256],
      [1, 1],
    ]);
    expect(tileBytes).toBe(8192);
  });

  it("gives proofs the hashes that they need", () => {
    const leaves = Array.from({ length: 700 }, (_, i) =>
      leafHash(Buffer.from([0, i >> 8, i & 255])),
    );
    const source = (level: number, index: number) =>
      rootOf(Buffer.concat(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
    const stored = new Map<string, Buffer>();
    for (const { level, n, width } of tilesOf(700)) {
      const own = Array.from({ length: width }, (_, i) => source(Number(level) * 8, n * 256 + i));
      stored.set(tilePath(level, n, width), Buffer.concat(own));
    }
    const tiles = tileHashes(
      (level, n, width) => stored.get(tilePath(level, n, width)) as Buffer,
      700,
    );
    expect(treeRoot(tiles, 700)).toEqual(treeRoot(source, 700));
    for (const index of [0, 255, 256, 511, 640, 699]) {
      expect(inclusionProof(tiles, index, 700)).toEqual(inclusionProof(source, index, 700));
    }
    expect(consistencyProof(tiles, 300, 700)).toEqual(consistencyProof(source, 300, 700));
  });
});
