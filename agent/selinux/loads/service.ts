/** Building policies, loading them on trial, and looking at those of before. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import type { Handlers } from "../../bus/contract.ts";
import { DsecosError } from "../../bus/errors.ts";
import { SingleJob } from "../../jobs/single.ts";
import type { Jobs } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import { Cache } from "../../node/cache.ts";
import type { selinux } from "../contract.ts";
import { loadedPolicy } from "../offline.ts";
import type { Places } from "../policy/build.ts";
import { STORE, writeStore } from "../policy/store.ts";
import { askPolicy, type Identity, proverProgram } from "../thread.ts";
import type { Origin } from "./answers.ts";
import { type Asker, build } from "./build.ts";
import { confirmedIn } from "./confirmed.ts";
import { historyOf, mostEvents, policyActions } from "./history.ts";
import { type Kept, KeptPolicies, policyFile } from "./kept.ts";
import { type Kernel, kernelOf } from "./kernel.ts";
import { signersDirectory, trustedSigners } from "./key.ts";
import { load } from "./load.ts";
import type { loadMembers } from "./members.ts";
import { originOf, recordForeign } from "./origin.ts";
import { pendingIn } from "./pending.ts";
import { prune } from "./prune.ts";
import type { SlotsInUse } from "./slots-in-use.ts";
import { Trials } from "./trial.ts";

/** Those who look at the same time share one answer, in milliseconds. */
const lifetimeMs = 5_000;

const unknownOrigin = "where the loaded policy comes from is not known";

export interface LoadsParts {
  jobs: Jobs;
  audit: AuditWriter;
  log: Log;
  node: string;
  /** Where built policies and the node's key are. */
  directory: string;
  slotsInUse: () => Promise<SlotsInUse>;
  /** So many events of the audit log whose actions begin so, newest first. */
  history: (actions: string, most: number) => Promise<readonly AuditEntry[]>;
  /** Something about the loaded policy did, which its proof does not tell. */
  changed: () => void;
  /** The thread's program; beside the agent's unless told. */
  program?: URL | undefined;
  /** The loaded policy; the kernel's unless told. */
  policy?: string | undefined;
  kernel?: Kernel | undefined;
  signers?: string | undefined;
  places?: Places | undefined;
  /** Of the system whose policy store is written, and where Debian's contexts are. */
  store?: { root: string; contexts?: string } | undefined;
}

export interface Loads {
  handlers: Pick<Handlers<typeof selinux, Call>, keyof typeof loadMembers>;
  fingerprints: { Load: (call: Call, policy: string) => Promise<string> };
  /** Throws nothing. */
  origin(): Promise<Origin>;
  /** Ends what was begun before, in the background. */
  start(): void;
  /** A policy was loaded, or is there at the start. Throws nothing. */
  noticed(): void;
  stop(): void;
}

export function createLoads(parts: LoadsParts): Loads {
  const { jobs, audit, log, directory, program = proverProgram(), slotsInUse } = parts;
  const { signers = signersDirectory, policy: loadedFile = loadedPolicy, store } = parts;
  const kept = new KeptPolicies(directory);
  const confirmed = confirmedIn(directory);
  const kernel = parts.kernel ?? kernelOf();
  const trusted = () => trustedSigners(directory, signers);
  const read = async (policy: string) => kept.read(policy, await trusted());
  const install = async ({ directory: from }: Kept) => {
    await writeStore(from, store);
  };
  const trials = new Trials({
    ...{ kernel, confirmed, audit, log, read, install },
    pending: pendingIn(directory),
    changed() {
      look();
      parts.changed();
    },
  });
  let hashes: Cache<string | undefined>;
  const look = () => {
    hashes = new Cache(lifetimeMs, async () =>
      (await kernel.active()) ? hash("sha256", await kernel.read(), "hex") : undefined,
    );
  };
  look();
  const loaded = lastIdentity(
    () => hashes.get(),
    () => askPolicy({ kind: "identify", policy: loadedFile, ask: {} }, program),
  );
  const origins = { kept, signers, confirmed, pending: () => trials.pending, loaded };
  const origin = () => originOf(origins);
  const inUse = async () => {
    const now = await origin();
    return {
      loaded: now.origin === "pending" ? "" : now.policy,
      pending: trials.pending?.policy ?? "",
      confirmed: (await confirmed.get())?.policy ?? "",
    };
  };
  const fileOf = async (name: string) => {
    if (name !== "loaded") return join((await read(name)).directory, policyFile);
    if (await kernel.active()) return loadedFile;
    throw new DsecosError("Unavailable", "SELinux is not active on this node: none is loaded.");
  };
  const building = new SingleJob(jobs);

  const buildAsJob = (member: string, by: Asker): string => {
    const request = { kind: member, title: "Build a policy", actor: by.user, uid: by.uid };
    return building.start(request, async (progress) => {
      await build({ ...parts, kept, program }, by, progress);
      await prune(kept, new Set(Object.values(await inUse())), audit, by);
    });
  };

  return {
    handlers: {
      async Build({ caller, member }) {
        return buildAsJob(member, caller);
      },
      async Load({ caller, member }, policy, { confirmSeconds }) {
        // What is wrong with the name or the signature is told at once.
        await read(policy);
        const title = `Load policy ${policy.slice(0, 12)}`;
        const request = { kind: member, title, actor: caller.user, uid: caller.uid };
        const configured = () => configuredStore(store?.root ?? "/");
        return jobs.start(request, (progress) =>
          load(
            {
              ...{ trials, kernel, confirmed, audit, program, read, install, slotsInUse },
              ...{ loadedFile, store: { name: STORE, configured } },
            },
            policy,
            confirmSeconds,
            { user: caller.user, uid: caller.uid },
            progress,
          ),
        );
      },
      async Confirm({ caller }, policy) {
        await trials.confirm(policy, caller);
        return await origin();
      },
      async Policies(_call, { cursor, limit }) {
        const entries = await parts.history(policyActions, mostEvents);
        const all = await historyOf(kept, await trusted(), entries, await inUse());
        const from = Number(cursor) || 0;
        const next = from + limit < all.length ? String(from + limit) : "";
        return { rows: all.slice(from, from + limit), total: all.length, next };
      },
      async Compare(_call, before, after, filter) {
        const [policy, other] = [await fileOf(before), await fileOf(after)];
        const question = { kind: "compare", policy, ask: { other, filter } } as const;
        const { rules, ...found } = await askPolicy(question, program);
        return {
          before: { policy: before, rules: rules[0] },
          after: { policy: after, rules: rules[1] },
          ...found,
        };
      },
    },
    fingerprints: {
      // What was approved is this policy in the place of the one that is loaded.
      async Load(_call, policy) {
        await read(policy);
        return (await loaded())?.rules ?? "off";
      },
    },
    origin: () =>
      origin().catch((error) => {
        log("warning", unknownOrigin, { error: explain(error) });
        return { origin: "unknown", policy: "", confirmUntil: "", by: "" };
      }),
    start() {
      void trials.start();
    },
    noticed() {
      look();
      origin()
        .then((found) => recordForeign(origins, found, audit))
        .catch((error) => {
          log("error", "where the loaded policy comes from is not known", {
            error: explain(error),
          });
        });
    },
    stop: () => trials.stop(),
  };
}

/** The answer for a policy stays, as long as its bytes do. */
function lastIdentity(
  hashNow: () => Promise<string | undefined>,
  ask: () => Promise<Identity>,
): () => Promise<Identity | undefined> {
  let known: { sha256: string; answer: Promise<Identity> } | undefined;
  return async () => {
    const sha256 = await hashNow();
    if (sha256 === undefined) return undefined;
    if (known?.sha256 === sha256) return await known.answer;
    const answer = ask();
    const mine = { sha256, answer };
    known = mine;
    answer.catch(() => {
      if (known === mine) known = undefined;
    });
    return await answer;
  };
}

/** @returns `SELINUXTYPE=` of the configuration; libselinux takes the last line */
async function configuredStore(root: string): Promise<string> {
  const file = join(root, "etc/selinux/config");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return [...text.matchAll(/^\s*SELINUXTYPE=[^\S\n]*(\S+)/gim)].at(-1)?.[1] ?? "targeted";
}
