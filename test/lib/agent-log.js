// @ts-check
import { readFileSync } from "node:fs";

/**
 * What tests do on purpose (stop Incus, take tokens away) and the agent rightly complains about; every other warning or error in
 * its log fails the tier.
 */
const expected = [
  /"Incus (is not running|does not run|cannot be reached)/,
  /Incus did not answer/,
  /incus events lost/,
  /events of Incus may be missing/,
  /tenants not loaded/,
  /a job failed/,
  /The token softhsm\/(keys-agency|page-[a-z]+) is not there/,
  /The token test-pins\/page-pins (refused the PIN|has locked its PIN)/,
  /"message":"the helper for Ceph (ended|hangs and is killed)"/,
  /"message":"the facts of this node were not published","error":"DsecosError: Incus/,
];

/**
 * @param {string} file the agent's log of a whole run
 * @returns {string[]} lines that nobody expects
 */
export function unexpectedLines(file) {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.filter((line) => {
    let level;
    try {
      level = JSON.parse(line).level;
    } catch {
      return true;
    }
    if (level === "info" || level === "debug") return false;
    return !expected.some((pattern) => pattern.test(line));
  });
}
