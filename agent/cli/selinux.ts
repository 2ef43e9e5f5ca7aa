/** Verbs about a binary policy, which need neither agent nor SELinux on this machine. */
import { readFileSync, statSync } from "node:fs";
import { notIntact } from "../bus/derive/exit-codes.ts";
import { DsecosError } from "../bus/errors.ts";
import { sharedTypes, trustedBase } from "../selinux/assumptions.ts";
import { loadedPolicy } from "../selinux/offline.ts";
import { PolicyError } from "../selinux/policydb/error.ts";
import { type Policy, parsePolicy } from "../selinux/policydb/policy.ts";
import { prove } from "../selinux/proof/prove.ts";
import { slotsOf } from "../selinux/proof/tenants.ts";
import { why } from "../selinux/proof/why.ts";
import { explanationInWords, verdictInWords } from "../selinux/proof/words.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Many times what the largest policies have, in bytes. */
const mostBytes = 256 * 1024 * 1024;

interface ProveOptions {
  policy?: string;
  trust?: string[];
  share?: string[];
}

export async function provePolicy(call: ParsedCall, terminal: Terminal): Promise<number> {
  const [options = {}] = call.inputs as [ProveOptions?];
  const policy = readPolicy(options.policy);
  const verdict = prove(policy, {
    tenants: slotsOf(policy),
    trustedBase: [...trustedBase, ...(options.trust ?? [])],
    shared: [...sharedTypes, ...(options.share ?? [])],
  });
  show(call, terminal, verdict, verdictInWords(verdict));
  return verdict.proved ? 0 : notIntact;
}

export async function explainPolicy(call: ParsedCall, terminal: Terminal): Promise<number> {
  const [source, target, of, options = {}] = call.inputs as [string, string, string, ProveOptions?];
  const explanation = why(readPolicy(options.policy), source, target, of);
  show(call, terminal, explanation, explanationInWords(explanation));
  return 0;
}

function show({ common }: ParsedCall, terminal: Terminal, found: unknown, words: string): void {
  if (common.has("json")) terminal.print(JSON.stringify(found, null, 2));
  else terminal.print(words.split("\n").map(harmless).join("\n"));
}

/** @throws DsecosError where there is no policy, or where it cannot be read as one */
function readPolicy(path = loadedPolicy): Policy {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > mostBytes) {
      throw new DsecosError("InvalidArgument", `${path} is no file with a policy.`);
    }
    return parsePolicy(readFileSync(path));
  } catch (error) {
    if (error instanceof PolicyError) {
      throw new DsecosError("InvalidArgument", `${path}: ${error.message}`, { cause: error });
    }
    const { code } = error as NodeJS.ErrnoException;
    const loaded = path === loadedPolicy;
    if (code === "ENOENT" && loaded) {
      const text = "SELinux is not active on this machine; name a policy with --policy FILE.";
      throw new DsecosError("Unavailable", text, { cause: error });
    }
    if (code === "ENOENT")
      throw new DsecosError("NotFound", `There is no ${path}.`, { cause: error });
    if (code === "EACCES" || code === "EPERM") {
      throw new DsecosError("Denied", `${path} may not be read by this person.`, { cause: error });
    }
    throw error;
  }
}
