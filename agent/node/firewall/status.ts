/** Judges the firewall: what is loaded against what was confirmed and against what is declared. */
import type { FirewallStatus } from "./answers.ts";
import type { Confirmed, Pending } from "./kept.ts";
import type { Loaded } from "./nft.ts";
import type { Policy } from "./policy.ts";

export interface Found {
  /** Undefined where agent.json declares no firewall. */
  declared: Policy | undefined;
  confirmed: Confirmed | undefined;
  pending: Pending | undefined;
  /** Undefined where no table of ours is there; a text where it could not be read. */
  loaded: Loaded | undefined | string;
  others: readonly string[];
}

const apply = "dsecos node apply-firewall";

export function judge(found: Found): FirewallStatus {
  const { declared, confirmed, pending, loaded, others } = found;
  const { state, fact, remedy, drift = [] } = verdictOn(found);
  const counters = typeof loaded === "object" ? loaded.counters : [];
  return {
    ...{ state, fact, remedy, drift: [...drift], others: [...others] },
    declared: declared ? { policy: declared.policy, text: declared.text } : null,
    confirmed: confirmed
      ? { policy: confirmed.policy, by: confirmed.by.user, at: confirmed.at }
      : null,
    trial: pending
      ? { policy: pending.policy, by: pending.by.user, until: pending.untilTime }
      : null,
    counters: counters.map(({ name, meaning, packets, bytes }) => ({
      ...{ name, meaning, packets: String(packets), bytes: String(bytes) },
    })),
    at: new Date().toISOString(),
  };
}

interface Verdict {
  state: FirewallStatus["state"];
  fact: string;
  remedy: string;
  drift?: FirewallStatus["drift"];
}

function verdictOn({ declared, confirmed, pending, loaded }: Found): Verdict {
  if (declared === undefined) {
    const fact = "agent.json declares no firewall, so the agent loads none.";
    const remedy = "Declare “firewall” in /etc/dsecos/agent.json and restart dsecos-agent.service.";
    return { state: "undeclared", fact, remedy };
  }
  if (typeof loaded === "string") {
    const fact = `What is loaded is not known: ${loaded}`;
    return { state: "unknown", fact, remedy: "See “nft list table inet dsecos”." };
  }
  if (loaded === undefined) {
    const fact = "No rules of ours are loaded: what other tables do not drop comes and leaves.";
    return { state: "off", fact, remedy: `Load them: ${apply} ${declared.policy}` };
  }
  if (pending !== undefined) {
    const fact = `Rules are on trial until ${pending.untilTime}; then those of before come back.`;
    const remedy = `${pending.by.user} logs in once more and runs: dsecos node confirm-firewall ${pending.policy}`;
    return { state: "trial", fact, remedy };
  }
  if (confirmed === undefined || loaded.listing !== confirmed.listing) {
    const drift = difference(confirmed?.listing ?? "", loaded.listing);
    const fact =
      confirmed === undefined
        ? "Rules of ours are loaded that nobody confirmed."
        : drift.length > 0
          ? `What is loaded is not what ${confirmed.by.user} confirmed: ${drift.length} lines differ.`
          : `What is loaded has the lines that ${confirmed.by.user} confirmed in another order.`;
    const remedy = `Look who changed it (dsecos audit list), then load the declared rules anew: ${apply} ${declared.policy}`;
    return { state: "drift", fact, remedy, drift };
  }
  if (confirmed.policy !== declared.policy) {
    const drift = difference(declared.text, confirmed.text);
    const fact = "The rules of before are loaded; others are declared now.";
    return { state: "drift", fact, remedy: `Load them: ${apply} ${declared.policy}`, drift };
  }
  const fact = "What is loaded is what is declared: SSH and HTTPS come in, the rest is dropped.";
  return { state: "loaded", fact, remedy: "" };
}

/** @returns lines that only one of the two has, each as often as it has it more */
export function difference(wanted: string, found: string): FirewallStatus["drift"] {
  const lines = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && line !== "}" && !line.startsWith("#"));
  const left = new Map<string, number>();
  for (const line of lines(wanted)) left.set(line, (left.get(line) ?? 0) + 1);
  const added = lines(found).filter((line) => {
    const more = left.get(line) ?? 0;
    if (more > 0) left.set(line, more - 1);
    return more === 0;
  });
  const missing = [...left].flatMap(([line, times]) => Array<string>(times).fill(line));
  return [
    ...added.map((text) => ({ change: "added" as const, text })),
    ...missing.map((text) => ({ change: "missing" as const, text })),
  ];
}
