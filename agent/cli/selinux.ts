/** Verbs about a binary policy, which need neither agent nor SELinux on this machine. */
import { notIntact } from "../bus/derive/exit-codes.ts";
import { sharedTypes, trustedBase } from "../selinux/assumptions.ts";
import { readPolicy } from "../selinux/policy-file.ts";
import { prove } from "../selinux/proof/prove.ts";
import { slotsOf } from "../selinux/proof/tenants.ts";
import { why } from "../selinux/proof/why.ts";
import { explanationInWords, verdictInWords } from "../selinux/proof/words.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

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
