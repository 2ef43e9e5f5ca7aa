/**
 * Gives files the label that file_contexts says, as restorecon(8) without `-F` does: another type,
 * and the same user, role and level, since a level keeps the instances of a tenant apart.
 *
 * Not by restorecon itself: it looks a path up again after it resolved it, which a tenant could use,
 * and does nothing where SELinux is not active. The label comes from our own reading of
 * file_contexts and is set by chcon(1), in a directory that is held open.
 */
import { execFile } from "node:child_process";
import { basename, dirname } from "node:path";
import { DsecosError } from "../../bus/errors.ts";
import { readLabels } from "./actual.ts";
import { judge, type LabelPolicy } from "./check.ts";
import { withHeld } from "./held.ts";

export interface Relabelled {
  readonly path: string;
  /** Contexts before and after; empty where it had none. Both alike where nothing was to be done. */
  readonly from: string;
  readonly to: string;
  /** Why it was not done; then `to` is what it would have been, where that is known. */
  readonly error?: string;
}

const timeoutMs = 20_000;
const environment = { PATH: "/usr/bin:/bin", LC_ALL: "C" };

/** @throws when programs cannot be run; what goes wrong with one file is told with it */
export async function relabel(policy: LabelPolicy, path: string): Promise<Relabelled> {
  try {
    return await withHeld(dirname(path), (held) => relabelIn(policy, path, held));
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    return { path, from: "", to: "", error: error.message };
  }
}

async function relabelIn(policy: LabelPolicy, path: string, held: string): Promise<Relabelled> {
  const name = `./${basename(path)}`;
  const before = (await readLabels([name], held)).found[0];
  if (before === undefined)
    return { path, from: "", to: "", error: "It is gone or may not be looked at." };
  const from = before.context ?? "";
  const verdict = judge(policy, { ...before, path });
  if (verdict.is === "unknown") return { path, from, to: "", error: `${verdict.reason}.` };
  if (verdict.is === "unspecified")
    return { path, from, to: "", error: "The policy does not say how it is labelled." };
  if (verdict.is !== "mislabelled") return { path, from, to: from };
  const to = verdict.as.restored;
  const refused = await setLabel(to, name, held);
  const after = (await readLabels([name], held)).found[0]?.context;
  if (after === to) return { path, from, to };
  return { path, from, to, error: refused ?? "It has another label again; something changes it." };
}

/** @returns why it was refused */
function setLabel(context: string, name: string, held: string): Promise<string | undefined> {
  const options = { timeout: timeoutMs, maxBuffer: 64 * 1024, env: environment, cwd: held };
  return new Promise((resolve, reject) => {
    execFile("chcon", ["-h", "--", context, name], options, (error, _out, complaint) => {
      if (error === null) return resolve(undefined);
      if (typeof error.code === "number") return resolve(refusal(complaint));
      const reason = error.killed ? `no answer within ${timeoutMs} ms` : error.message;
      reject(new Error(`chcon: ${reason}`, { cause: error }));
    });
  });
}

function refusal(complaint: string): string {
  const reason = complaint.trim().split("\n")[0]?.split(": ").at(-1) ?? "";
  return `It may not be labelled by the agent (${reason}); run restorecon on it as the administrator.`;
}
