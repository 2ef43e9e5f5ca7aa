/** What the agent found, brought down to one sentence, what it means, and what to do next. */
import type { Check } from "../../agent/node/contract.ts";
import type { Proof, SelinuxStatus } from "../../agent/selinux/answers.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { loadedPolicy, proveFile } from "./words.ts";

export interface Step {
  text: string;
  command?: string;
}

export interface Judgement {
  /** Which of the cases it is. */
  key: "old" | "inactive" | "failed" | "never" | "outdated" | "refuted" | "permissive" | Rest;
  verdict: Check["verdict"];
  sentence: string;
  means: string;
  steps: Step[];
}

type Rest = "unknown" | "weak" | "good";
type Fact = SelinuxStatus["mode"][number];

/**
 * Good only where the kernel enforces a policy that is the proved one; the first that stands
 * against it is what is said.
 *
 * @param stale the agent could not be asked again
 */
export function judge({ mode, proof, current }: SelinuxStatus, stale: boolean): Judgement {
  if (stale) return old();
  if (current === null) return inactive();
  const now = mode.find(({ id }) => id === "now");
  const found = ofProof(proof, current);
  if (found) return withMode(found, now);
  if (now?.verdict === "bad") return permissive();
  if (now?.verdict !== "good") return unknownMode(now);
  const bad = mode.filter(({ verdict }) => verdict === "bad");
  return bad.length > 0 ? weak(bad) : good();
}

/** @returns undefined where the loaded policy is proved. */
function ofProof(proof: Proof, current: boolean): Judgement | undefined {
  if (proof.state === "failed") return failed(proof);
  if (proof.state === "never") return never();
  if (!current) return outdated();
  return proof.state === "refuted" ? refuted(proof) : undefined;
}

/** A second trouble is not hidden behind the first. */
function withMode(found: Judgement, now: Fact | undefined): Judgement {
  if (now?.verdict !== "bad") return found;
  const besides = format(_("Besides: $0"), now.fact);
  return { ...found, verdict: "bad", means: `${found.means} ${besides}` };
}

function old(): Judgement {
  return {
    ...{ key: "old", verdict: "unknown", steps: [] },
    sentence: _("What stands here is old; whether it still holds is unknown."),
    means: _("The agent could not be asked again. The page comes back by itself."),
  };
}

function inactive(): Judgement {
  return {
    ...{ key: "inactive", verdict: "bad" },
    sentence: _("SELinux is not active on this node: tenants have no wall of types between them."),
    means: _(
      "Containers of different tenants are kept apart by namespaces and user ids of their own, virtual machines by their processor’s virtualization. Whoever finds one hole there, or becomes root on the host, gets to every tenant: nothing behind it stops him, and there is nothing that could be proved.",
    ),
    steps: [
      {
        text: _("Prove the policy that this node is to load; any machine can do that:"),
        command: proveFile,
      },
      {
        text: _(
          "Choose SELinux for the next start: each fact under “Mode” that is bad says how, and the overview which packages are missing for it.",
        ),
      },
      {
        text: _(
          "Start the node again. The agent proves the policy by itself as soon as it is loaded, and this page says what came of it.",
        ),
      },
    ],
  };
}

function failed({ error }: Proof): Judgement {
  return {
    ...{ key: "failed", verdict: "unknown" },
    sentence: _("The loaded policy could not be proved, so nothing is known of it."),
    means: format(_("The proof broke off: $0"), error),
    steps: [
      { text: _("Prove it again: press “Prove now”.") },
      {
        text: _("If it breaks off again, see what the same proof says outside of the agent:"),
        command: `dsecos selinux prove --policy ${loadedPolicy}`,
      },
      {
        text: _("The agent’s journal says more:"),
        command: "journalctl --unit dsecos-agent.service --since -1h",
      },
    ],
  };
}

function never(): Judgement {
  return {
    ...{ key: "never", verdict: "unknown" },
    sentence: _("The loaded policy was not proved yet."),
    means: _(
      "The agent proves it by itself when it starts, within seconds. Until then nobody knows whether it keeps tenants apart.",
    ),
    steps: [{ text: _("If this does not change in a moment, press “Prove now”.") }],
  };
}

function outdated(): Judgement {
  return {
    ...{ key: "outdated", verdict: "unknown" },
    sentence: _("The kernel has loaded another policy than the one that was proved."),
    means: _(
      "What stands below is about the policy before. The agent proves each policy by itself when it is loaded, within seconds.",
    ),
    steps: [
      { text: _("If this does not change in a moment, press “Prove now”.") },
      {
        text: _("See when a policy was loaded, and by whom:"),
        command: "ausearch --message MAC_POLICY_LOAD --start boot",
      },
    ],
  };
}

function refuted({ total }: Proof): Judgement {
  return {
    ...{ key: "refuted", verdict: "bad" },
    sentence: ngettext(
      "The loaded policy does not keep tenants apart: $0 thing speaks against it.",
      "The loaded policy does not keep tenants apart: $0 things speak against it.",
      total,
    ),
    means: _(
      "The kernel lets pass what the guilty rules allow. Until another policy is loaded, only namespaces and virtualization stand there between the tenants that are named below.",
    ),
    steps: [
      { text: _("Read under “Proof” which rules are guilty, and take them out of the policy.") },
      { text: _("Prove the corrected policy before it is loaded:"), command: proveFile },
    ],
  };
}

function permissive(): Judgement {
  return {
    ...{ key: "permissive", verdict: "bad" },
    sentence: _("The loaded policy would keep tenants apart, but it is not enforced."),
    means: _(
      "SELinux is permissive: it writes down what it would refuse, and lets it pass. The proof below is about the rules, and nobody is held by them.",
    ),
    steps: [
      {
        text: _("See what would be refused, so that nothing you need stops working:"),
        command: "ausearch --message AVC,USER_AVC --start boot",
      },
      { text: _("Enforce the policy now, as root:"), command: "setenforce 1" },
      { text: _("See under “Mode” whether the next start enforces it too.") },
    ],
  };
}

function unknownMode(now: Fact | undefined): Judgement {
  return {
    ...{ key: "unknown", verdict: "unknown" },
    sentence: _("The loaded policy keeps tenants apart; whether it is enforced is unknown."),
    means: now?.fact ?? _("The agent did not say how SELinux runs."),
    steps: [{ text: _("Ask the kernel itself; it must say Enforcing:"), command: "getenforce" }],
  };
}

function weak(bad: readonly Fact[]): Judgement {
  return {
    ...{ key: "weak", verdict: "warning" },
    sentence: _("Tenants are kept apart now, but that may not last."),
    means: _("The loaded policy is proved and enforced. This weakens it or ends it:"),
    steps: bad.map(({ title, fact, remedy, command }) => ({
      text: format(_("$0: $1"), title, [fact, remedy].filter(Boolean).join(" ")),
      command,
    })),
  };
}

function good(): Judgement {
  return {
    ...{ key: "good", verdict: "good", steps: [] },
    sentence: _("Tenants are kept apart: the loaded policy is proved, and the kernel enforces it."),
    means: _(
      "No rule lets one tenant reach another, neither directly nor over any number of the host’s types outside of the trusted base. There is nothing to do: the agent proves it again with every policy that is loaded, and every hour.",
    ),
  };
}
