/** SELinux on this node: its mode, the proof of the loaded policy, and what its rules say. */
import { hash } from "node:crypto";
import type { KernelEvent } from "../audit/sources/auditd/assemble.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { DsecosError } from "../bus/errors.ts";
import { explain } from "../log.ts";
import { Cache } from "../node/cache.ts";
import { System } from "../node/system.ts";
import type { SelinuxStatus } from "./answers.ts";
import type { selinux } from "./contract.ts";
import { Denials } from "./denials/service.ts";
import { readMode } from "./mode.ts";
import { modeFacts } from "./mode-facts.ts";
import { loadedPolicy } from "./offline.ts";
import { Prover, type ProverParts } from "./prover.ts";
import { askPolicy, proverProgram } from "./thread.ts";
import { kernelStatus, watchKernel } from "./watch.ts";

/** Pages that refresh together share one answer, in milliseconds. */
const lifetimeMs = 5_000;

export interface SelinuxService {
  handlers: Handlers<typeof selinux, Call>;
  /** Takes an event of the kernel's audit. Throws nothing. */
  hear(event: KernelEvent): void;
  /** Proves the loaded policy, and each that is loaded from then on. */
  start(): void;
  stop(): void;
}

export interface SelinuxParts extends ProverParts {
  system?: System;
}

export function createSelinux(parts: SelinuxParts): SelinuxService {
  const { log, program = proverProgram(), system = new System() } = parts;
  const policy = parts.policy ?? loadedPolicy;
  const prover = new Prover(parts);
  const loaded = new Cache(lifetimeMs, async () => {
    const bytes = await system.bytes(policy);
    return bytes && hash("sha256", bytes);
  });
  const mode = new Cache(lifetimeMs, async () =>
    modeFacts(await readMode(system, () => permissiveOf(prover))),
  );
  const denials = new Denials(async (groups) => {
    const sha256 = await loaded.get();
    if (sha256 === undefined) return undefined;
    const answers = await askPolicy({ kind: "explain", policy, ask: { groups } }, program);
    return { policy: sha256, answers };
  });
  let end = () => {};

  const show = async (): Promise<SelinuxStatus> => {
    const [facts, sha256] = await Promise.all([mode.get(), loaded.get()]);
    const proof = prover.last;
    const current = sha256 === undefined ? null : sha256 === proof.policy?.sha256;
    return { at: new Date().toISOString(), mode: facts, proof, current };
  };

  return {
    handlers: {
      Show: show,
      async Prove({ caller, member }) {
        return prover.start(member, caller.user, caller.uid);
      },
      Denials: (_call, filter) => denials.list(filter),
      Why: (_call, source, target, of) =>
        askPolicy({ kind: "why", policy, ask: { source, target, class: of } }, program),
      Settings: later,
      BooleanEffect: later,
      SetBoolean: later,
      Tenants: later,
      Labels: later,
      LabelReport: later,
      Restore: later,
    },
    hear: (event) => denials.hear(event),
    start() {
      end = watchKernel(
        kernelStatus,
        (status) => (status === undefined ? prover.end() : prover.begin()),
        (error) =>
          log("warning", "the kernel's state of SELinux is not known", { error: explain(error) }),
      );
    },
    stop() {
      end();
      prover.end();
    },
  };
}

async function later(): Promise<never> {
  throw new DsecosError("Unavailable", "This version of the agent does not do that yet.");
}

function permissiveOf({ last }: Prover): readonly string[] {
  if (last.state === "proved" || last.state === "refuted") return last.permissive;
  throw new Error("no loaded policy was read yet");
}
