/** The node's packet filter: declared, loaded on trial, kept when confirmed, and watched. */
import * as v from "valibot";
import type { AuditEntry } from "../../audit/contract.ts";
import type { AuditWriter } from "../../audit/types.ts";
import type { Call } from "../../bus/call.ts";
import type { Handlers } from "../../bus/contract.ts";
import { DsecosError } from "../../bus/errors.ts";
import { explain, type Log } from "../../log.ts";
import { Cache } from "../cache.ts";
import type { node } from "../contract.ts";
import type { System } from "../system.ts";
import { AirGap, airGapAction } from "./airgap.ts";
import { type FirewallStatus, type Statement, statementSchema } from "./answers.ts";
import type { Declared, Way } from "./declared.ts";
import { rulesIn, thisBoot } from "./kept.ts";
import { listeners } from "./listeners.ts";
import type { firewallMembers } from "./members.ts";
import { nftables } from "./nft.ts";
import { policyOf } from "./policy.ts";
import { judge } from "./status.ts";
import { FirewallTrials } from "./trial.ts";

export interface FirewallParts {
  audit: AuditWriter;
  log: Log;
  /** What is kept on the disk. */
  directory: string;
  /** Undefined where agent.json declares no firewall. */
  declared: Declared | undefined;
  /** Ways that the rest of agent.json declares. */
  derived: readonly Way[];
  /** So many events of the audit log whose action begins so, newest first. */
  history: (action: string, limit: number) => Promise<readonly AuditEntry[]>;
}

export interface Firewall {
  handlers: Pick<Handlers<typeof node, Call>, keyof typeof firewallMembers>;
  status: () => Promise<FirewallStatus>;
  fingerprints: { ApplyFirewall: () => Promise<string> };
  /** Ends what was begun before, and goes on counting; in the background. */
  start(): void;
  stop(): void;
}

/** Those who look at the same time share one answer, in milliseconds. */
const lifetimeMs = 3_000;

/** Statements shown at once: a day's. */
const shown = 24;

export function createFirewall(parts: FirewallParts, system: System): Firewall {
  const { audit, log, directory, declared, derived, history } = parts;
  const nft = nftables();
  const kept = rulesIn(directory);
  const policy = async () => (declared ? await policyOf(declared, derived) : undefined);
  const airGap = new AirGap({
    ...{ audit, log, boot: thisBoot },
    read: () => nft.read(),
    last: async () => (await history(airGapAction, 1))[0],
    async doubt({ listing }) {
      const known = [(await kept.confirmed())?.listing, (await kept.pending())?.listing];
      return known.includes(listing) ? "" : "Rules were loaded that nobody confirmed.";
    },
  });
  const trials = new FirewallTrials({
    ...{ nft, kept, audit, log },
    replacing: (why) => airGap.file(why),
  });

  const status = async (): Promise<FirewallStatus> => {
    const wanted = await policy();
    // Where nothing is declared, nftables may not even be installed.
    const loaded = wanted && (await nft.read().catch(sentenceOf));
    const others = typeof loaded === "object" ? await nft.others() : [];
    const pending = trials.pending;
    return judge({ declared: wanted, confirmed: await kept.confirmed(), pending, loaded, others });
  };
  const rules = async () => {
    const { state } = await status();
    if (state === "off" || state === "undeclared") return undefined;
    const isKnown = state === "loaded" || state === "trial";
    return isKnown && declared ? declared : ("unknown" as const);
  };

  const listening = new Cache(lifetimeMs, async () => ({
    rows: await listeners(system, await rules()),
    at: new Date().toISOString(),
  }));

  return {
    status,
    handlers: {
      Firewall: status,
      async ApplyFirewall(call, wanted, { confirmSeconds }) {
        const now = await policy();
        if (now === undefined) {
          const what =
            "No firewall is declared: write “firewall” into /etc/dsecos/agent.json and restart dsecos-agent.service.";
          throw new DsecosError("Unavailable", what);
        }
        if (now.policy !== wanted) {
          const what = `${wanted.slice(0, 12)}… is not what is declared now; look at “dsecos node firewall”, and apply ${now.policy}.`;
          throw new DsecosError("Conflict", what);
        }
        const { user, uid } = call.caller;
        const pending = await trials.begin(now, { user, uid }, confirmSeconds);
        call.note({ confirmUntil: pending.untilTime });
        listening.forget();
        return { policy: wanted, until: pending.untilTime };
      },
      async ConfirmFirewall({ caller }, wanted) {
        await trials.confirm(wanted, caller);
        return await status();
      },
      async Listeners() {
        return await listening.get();
      },
      async AirGap() {
        const entries = await history(airGapAction, shown);
        const filed = entries.flatMap((entry) => {
          const result = v.safeParse(statementSchema, entry.details);
          return result.success ? [{ ...result.output, sequence: entry.sequence }] : [];
        });
        const now: Statement | null = declared ? await airGap.now() : null;
        return { now, filed };
      },
    },
    fingerprints: {
      // What was approved are these rules in the place of those that are loaded.
      async ApplyFirewall() {
        return (await nft.read())?.listing ?? "off";
      },
    },
    start() {
      if (declared === undefined) return;
      airGap.start().catch((error) => {
        log("warning", "what leaves the node is not counted yet", { error: explain(error) });
      });
      void trials.start();
    },
    stop() {
      trials.stop();
      airGap.stop();
    },
  };
}

function sentenceOf(error: unknown): string {
  if (error instanceof DsecosError) return error.message;
  throw error;
}
