// @ts-check
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
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
 * @property {number} [mode] 0o644 by default
 */

/**
 * @typedef {object} Entry
 * @property {string} fingerprint
 * @property {string[]} owners state directories of the stacks that want the file
 * @property {string} [made] uppermost directory that was created for it
 */

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
  if (!stat.isFile()) return "no plain file";
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** @param {Placement} placement */
function wanted({ source }) {
  const print = fingerprint(source);
  if (print === null) throw new Error(`${source} is missing: build first`);
  return print;
}

/**
 * @param {Placement} placement
 * @returns {string | undefined} the uppermost directory that had to be created
 */
function place({ source, target, mode = 0o644 }) {
  const made = mkdirSync(dirname(target), { recursive: true });
  // Hidden until complete: the readers ignore names that begin with a dot.
  const fresh = join(dirname(target), `.${basename(target)}.new`);
  copyFileSync(source, fresh);
  chmodSync(fresh, mode);
  renameSync(fresh, target);
  return made;
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
      let made = entry?.made;
      if (there !== want) {
        if (there !== null && entry?.fingerprint !== there)
          throw new Error(
            `${target} differs from this build and was not put there by it: ` +
              "remove the package or the file that it belongs to",
          );
        made = place(placement) ?? made;
        written.push(target);
      } else if (entry === undefined) continue;
      const owners = entry?.owners.filter((other) => other !== owner) ?? [];
      ledger[target] = { fingerprint: want, owners: [...owners, owner], ...(made && { made }) };
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
    /** @type {[string, string][]} */
    const emptied = [];
    for (const [target, entry] of Object.entries(ledger)) {
      entry.owners = entry.owners.filter((other) => other !== owner);
      if (entry.owners.length > 0) continue;
      delete ledger[target];
      const there = fingerprint(target);
      if (there === entry.fingerprint) {
        rmSync(target);
        if (entry.made !== undefined) emptied.push([dirname(target), entry.made]);
        removed.push(target);
      } else if (there !== null) changed.push(target);
    }
    // The deepest first: they stand in the way of the others.
    emptied.sort(([one], [other]) => other.length - one.length);
    for (const [directory, top] of emptied) removeEmpty(directory, top);
    writeLedger(ledger);
    return { removed, changed };
  });
}

/**
 * @param {string} directory
 * @param {string} top how far up: the rest was there before
 */
function removeEmpty(directory, top) {
  if (!directory.startsWith(top) || readdirSync(directory).length > 0) return;
  rmdirSync(directory);
  removeEmpty(dirname(directory), top);
}
