/**
 * Who is a security officer now, by the system's name service, which may be a directory far away.
 * The group is one gid: another group that has its name elsewhere is another group. Whoever has it
 * as primary group, which the group's own entry does not list, is in it like everybody else.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DsecosError } from "../bus/errors.ts";
import type { Person } from "./quorum.ts";

const run = promisify(execFile);

export const officersGroup = "dsecos-officer";

/** getent's exit code where one of the keys has no entry; those that have one are printed. */
const notFound = 2;

export interface People {
  /** @throws DsecosError Unavailable where nobody can tell; nothing is approved then. */
  officers(): Promise<Person[]>;
}

export class SystemPeople implements People {
  async officers(): Promise<Person[]> {
    const [entry] = await getent("group", [officersGroup]);
    if (entry === undefined) return [];
    const [, , gid, names = ""] = entry;
    const members = names.split(",").filter((name) => name !== "");
    const [named, everybody] = await Promise.all([
      members.length === 0 ? [] : getent("passwd", members),
      getent("passwd", []),
    ]);
    const accounts = [...named, ...everybody.filter((account) => account[3] === gid)];
    const people = new Map<number, Person>();
    for (const [user = "", , uid] of accounts) people.set(Number(uid), { uid: Number(uid), user });
    return [...people.values()].sort((one, other) => one.uid - other.uid);
  }
}

async function getent(database: string, keys: readonly string[]): Promise<string[][]> {
  let stdout: string;
  try {
    const options = { timeout: 5000, maxBuffer: 8 * 1024 * 1024 };
    ({ stdout } = await run("getent", [database, "--", ...keys], options));
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== notFound) {
      const what = `Who is a security officer cannot be looked up, so nothing is approved; check “getent group ${officersGroup}”.`;
      throw new DsecosError("Unavailable", what, { cause });
    }
    stdout = String((cause as { stdout?: unknown }).stdout ?? "");
  }
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(":"));
}
