// @ts-check
import { randomBytes } from "node:crypto";
import { probe, run } from "./run.js";

export const GROUPS = ["dsecos-viewer", "dsecos-operator", "dsecos-officer", "dsecos-auditor"];

/** @returns {Promise<string[]>} */
export async function missingGroups() {
  const { stdout } = await probe("getent", ["group", ...GROUPS]);
  const present = new Set(stdout.split("\n").map((line) => line.split(":")[0]));
  return GROUPS.filter((group) => !present.has(group));
}

/**
 * Creates the groups that the polkit rules speak of.
 *
 * @returns {Promise<string[]>} those that were missing
 */
export async function ensureGroups() {
  const missing = await missingGroups();
  for (const group of missing) await run("groupadd", ["--system", group]);
  return missing;
}

/**
 * @returns {Promise<string[]>} people in any of the groups
 */
export async function members() {
  const { stdout } = await run("getent", ["group", ...GROUPS]);
  const names = stdout.trim().split("\n");
  return [...new Set(names.flatMap((line) => (line.split(":")[3] ?? "").split(",")))].filter(
    Boolean,
  );
}

/**
 * Makes sure that a person with this name exists and is in the groups. The account of a person
 * who exists keeps its password.
 *
 * @param {string} name
 * @param {string[]} groups
 * @returns {Promise<string | null>} the random password of a new account, else null
 */
export async function ensureUser(name, groups) {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`"${name}" is no user name: small letters, digits and dashes only`);
  const exists = (await probe("getent", ["passwd", name])).code === 0;
  if (exists) {
    if (groups.length > 0) await run("usermod", ["--append", "--groups", groups.join(","), name]);
    return null;
  }
  const shell = ["--create-home", "--shell", "/bin/bash"];
  await run("useradd", [...shell, ...(groups.length ? ["--groups", groups.join(",")] : []), name]);
  const password = randomBytes(15).toString("base64url");
  await run("chpasswd", [], { input: `${name}:${password}\n` });
  return password;
}
