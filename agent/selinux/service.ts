/** SELinux on this node: its mode, the proof of the loaded policy, and what its rules say. */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { KernelEvent } from "../audit/sources/auditd/assemble.ts";
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import { explain } from "../log.ts";
import { Cache } from "../node/cache.ts";
import { System } from "../node/system.ts";
import type { SelinuxStatus } from "./answers.ts";
import type { selinux } from "./contract.ts";
import { Denials } from "./denials/service.ts";
import { holdersOf, type SlotHolders, withHolders } from "./holders.ts";
import { createLabels } from "./labels/service.ts";
import type { Loads } from "./loads/service.ts";
import { readMode } from "./mode.ts";
import { modeFacts } from "./mode-facts.ts";
import { loadedPolicy } from "./offline.ts";
import { inTurn } from "./one-reader.ts";
import type { LoadedSlots } from "./policy/slots.ts";
import { Prover, type ProverParts } from "./prover.ts";
import { SelinuxFs } from "./settings/kernel.ts";
import { createSettings } from "./settings/service.ts";
import { askPolicy, proverProgram } from "./thread.ts";
import { kernelStatus, watchKernel } from "./watch.ts";

/** Pages that refresh together share one answer, in milliseconds. */
const lifetimeMs = 5_000;

export interface SelinuxService {
  handlers: Handlers<typeof selinux, Call>;
  fingerprints: Loads["fingerprints"] & ReturnType<typeof createSettings>["fingerprints"];
  /** Takes an event of the kernel's audit. Throws nothing. */
  hear(event: KernelEvent): void;
  /** Proves the loaded policy, and each that is loaded from then on. */
  start(): void;
  stop(): void;
  /** Mode and proof, for whom they concern in the agent itself. */
  status(): Promise<SelinuxStatus>;
  /** The slots of the policy that is loaded, as it was read last. */
  slots(): LoadedSlots;
}

export interface SelinuxParts extends ProverParts {
  /** Which tenant has which slot. */
  slotHolders: SlotHolders;
  /** Why that is not known; empty where it is. */
  holdersUnknown: () => string;
  /** Policies that were built. */
  loads: Loads;
  system?: System;
}

export function createSelinux(parts: SelinuxParts): SelinuxService {
  const { log, program = proverProgram(), system = new System(), slotHolders, loads } = parts;
  const policy = parts.policy ?? loadedPolicy;
  const prover = new Prover(parts);
  const loaded = new Cache(lifetimeMs, async () => {
    const bytes = await inTurn(() => system.bytes(policy));
    return bytes && hash("sha256", bytes);
  });
  const mode = new Cache(lifetimeMs, async () =>
    modeFacts(await readMode(system, () => permissiveOf(prover))),
  );
  const labels = createLabels({
    ...{ system, slotHolders, jobs: parts.jobs, audit: parts.audit, log },
    store: async () => {
      const { policyName } = await readMode(system, () => []);
      return "value" in policyName ? join(system.root, "etc/selinux", policyName.value) : undefined;
    },
    changed: () => parts.changed(prover.last.state),
  });
  const settings = createSettings({
    ...{ jobs: parts.jobs, system, program, policy, slotHolders },
    kernel: new SelinuxFs(join(system.root, "sys/fs/selinux")),
    loaded: () => loaded.get(),
    lastProof: () => prover.last,
    prove: (asker) => prover.prove(asker),
    holdersUnknown: parts.holdersUnknown,
    mislabelled: () => labels.mislabelled(),
  });
  const denials = new Denials(async (groups) => {
    const sha256 = await loaded.get();
    if (sha256 === undefined) return undefined;
    const ask = { groups, mislabelled: await labels.mislabelledOf(groups) };
    const answers = await askPolicy({ kind: "explain", policy, ask }, program);
    return { policy: sha256, answers };
  }, slotHolders);
  let end = () => {};

  const show = async (): Promise<SelinuxStatus> => {
    const [facts, sha256, from] = await Promise.all([mode.get(), loaded.get(), loads.origin()]);
    const proof = withHolders(prover.last, slotHolders());
    const current = sha256 === undefined ? null : sha256 === proof.policy?.sha256;
    return { at: new Date().toISOString(), mode: facts, proof, current, loaded: from };
  };

  return {
    handlers: {
      Show: show,
      async Prove({ caller, member }) {
        return prover.start(member, caller.user, caller.uid);
      },
      Denials: (_call, filter) => denials.list(filter),
      async Why(_call, source, target, of) {
        const ask = { source, target, class: of };
        const explanation = await askPolicy({ kind: "why", policy, ask }, program);
        return { ...explanation, ...holdersOf({ source, target }, slotHolders()) };
      },
      ...loads.handlers,
      ...settings.handlers,
      ...labels.handlers,
    },
    fingerprints: { ...loads.fingerprints, ...settings.fingerprints },
    status: show,
    hear: (event) => denials.hear(event),
    start() {
      loads.start();
      end = watchKernel(
        kernelStatus,
        (status) => {
          if (status === undefined) {
            labels.end();
            return prover.off();
          }
          prover.begin();
          labels.begin();
          loads.noticed();
        },
        (error) =>
          log("warning", "the kernel's state of SELinux is not known", { error: explain(error) }),
      );
    },
    stop() {
      end();
      prover.end();
      labels.end();
      loads.stop();
    },
    slots: () => prover.slots,
  };
}

function permissiveOf({ last }: Prover): readonly string[] {
  if (last.state === "proved" || last.state === "refuted") return last.permissive;
  throw new Error("no loaded policy was read yet");
}
