// @ts-check
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.js";

/*
 * polkit, D-Bus and Cockpit read fixed directories, so a stack puts files there. Several stacks
 * (npm start and some tests) may want the same file: the ledger counts them, and the last one to
 * stop removes it. A file that a package or a person put there is used if it is the same, and
 * never touched.
 */

const LEDGER = "/var/lib/dsecos/setup/files.json";

/**
 * @typedef {object} Placement
 * @property {string} source
 * @property {string} target
 * @property {"copy" | "link"} how
 */

/** @typedef {{ fingerprint: string, owners: string[] }} Entry */

/** @returns {Record<string, Entry>} */
function readLedger() {
  if (!existsSync(LEDGER)) return {};
  /** @type {Record<string, Entry>} */
  const ledger = JSON.parse(readFileSync(LEDGER, "utf8"));
  for (const entry of Object.values(ledger))
    entry.owners = entry.owners.filter((owner) => existsSync(owner));
  return ledger;
}

/** @param {Record<string, Entry>} ledger */
function writeLedger(ledger) {
  mkdirSync(dirname(LEDGER), { recursive: true });
  writeFileSync(`${LEDGER}.new`, JSON.stringify(ledger, null, 2));
  renameSync(`${LEDGER}.new`, LEDGER);
}

/**
 * @param {string} path
 * @returns {string | null} what is there, comparable; null when there is nothing
 */
function fingerprint(path) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (!stat.isFile()) return "directory";
  return `sha256 ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}

/** @param {Placement} placement */
function wanted({ source, how }) {
  const print = how === "link" ? `link ${source}` : fingerprint(source);
  if (print === null) throw new Error(`${source} is missing: build first`);
  return print;
}

/** @param {Placement} placement */
function place({ source, target, how }) {
  mkdirSync(dirname(target), { recursive: true });
  // Hidden until complete: the readers ignore names that begin with a dot.
  const fresh = join(dirname(target), `.${basename(target)}.new`);
  rmSync(fresh, { force: true });
  if (how === "link") symlinkSync(source, fresh);
  else {
    copyFileSync(source, fresh);
    chmodSync(fresh, 0o644);
  }
  renameSync(fresh, target);
}

/**
 * @param {string} owner
 * @param {Placement[]} placements
 * @returns {boolean} whether installFiles would have nothing to do
 */
export function filesAreInPlace(owner, placements) {
  const ledger = readLedger();
  return placements.every((placement) => {
    const entry = ledger[placement.target];
    const counted = entry === undefined || entry.owners.includes(owner);
    return counted && fingerprint(placement.target) === wanted(placement);
  });
}

/**
 * Puts files into place for a stack.
 *
 * @param {string} owner the stack's state directory
 * @param {Placement[]} placements
 * @returns {Promise<string[]>} the targets that were written, in order
 */
export function installFiles(owner, placements) {
  return withLock(`${LEDGER}.lock`, 20, async () => {
    const ledger = readLedger();
    /** @type {string[]} */
    const written = [];
    for (const placement of placements) {
      const { target } = placement;
      const there = fingerprint(target);
      const want = wanted(placement);
      const entry = ledger[target];
      if (there !== want) {
        if (there !== null && entry?.fingerprint !== there)
          throw new Error(
            `${target} differs from this build and was not put there by it: ` +
              "remove the package or the file that it belongs to",
          );
        place(placement);
        written.push(target);
      } else if (entry === undefined) continue;
      const owners = entry?.owners.filter((other) => other !== owner) ?? [];
      ledger[target] = { fingerprint: want, owners: [...owners, owner] };
    }
    writeLedger(ledger);
    return written;
  });
}

/**
 * Takes back what installFiles put there, except what another stack still uses and what somebody
 * changed meanwhile.
 *
 * @param {string} owner
 * @returns {Promise<{ removed: string[], changed: string[] }>}
 */
export function removeFiles(owner) {
  return withLock(`${LEDGER}.lock`, 20, async () => {
    const ledger = readLedger();
    const removed = [];
    const changed = [];
    for (const [target, entry] of Object.entries(ledger)) {
      entry.owners = entry.owners.filter((other) => other !== owner);
      if (entry.owners.length > 0) continue;
      delete ledger[target];
      const there = fingerprint(target);
      if (there === entry.fingerprint) {
        rmSync(target);
        removed.push(target);
      } else if (there !== null) changed.push(target);
    }
    writeLedger(ledger);
    return { removed, changed };
  });
}
