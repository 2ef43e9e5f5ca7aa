/** Who is in the groups that decide what somebody may do: ours, and those that are as good as root. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { roles } from "../../bus/contract.ts";
import type { State, Subject } from "./observer.ts";

const run = promisify(execFile);
const groups = [
  ...roles.map((role) => `dsecos-${role}`),
  ...["root", "sudo", "incus-admin", "incus", "systemd-journal"],
];

export function permissions(): Subject {
  return { kind: "permission", everyMs: 60_000, read: readGroups };
}

/** Through getent, so that members from a directory service count too. */
async function readGroups(): Promise<ReadonlyMap<string, State>> {
  const options = { timeout: 10_000, maxBuffer: 1024 * 1024 };
  const [found, accounts] = await Promise.all([
    getent(["group", ...groups], options),
    getent(["passwd"], options),
  ]);
  const primary = new Map<string, string[]>();
  for (const line of accounts) {
    const [name = "", , , gid = ""] = line.split(":");
    primary.set(gid, [...(primary.get(gid) ?? []), name]);
  }
  return new Map(
    found.map((line) => {
      const [name = "", , gid = "", members = ""] = line.split(":");
      const all = [...members.split(",").filter(Boolean), ...(primary.get(gid) ?? [])];
      return [name, { members: [...new Set(all)].sort() }];
    }),
  );
}

async function getent(
  args: string[],
  options: { timeout: number; maxBuffer: number },
): Promise<string[]> {
  try {
    return lines((await run("getent", args, options)).stdout);
  } catch (error) {
    // 2: one of the names is not known; the others were printed.
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    if (code === 2 && typeof stdout === "string") return lines(stdout);
    throw error;
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
