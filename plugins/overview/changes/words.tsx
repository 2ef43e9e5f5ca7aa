/** What changed, in plain words: a verdict with its picture, a time, or what it is by name. */
import type { ReactNode } from "react";
import type { ClusterNode } from "../../../agent/cluster/answers.ts";
import type { Change } from "../../../agent/cluster/history/answers.ts";
import { verdictName } from "../../lib/assurance.tsx";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { LogTag, proofTag, type Verdict, VerdictTag, verdictOrder } from "../cluster/words.tsx";

export function changeName({ what, of }: Pick<Change, "what" | "of">): string {
  const names: Record<Change["what"], string> = {
    member: _("Member of the cluster"),
    presence: _("Whether it is heard of"),
    incus: _("Incus, as its cluster has it"),
    log: _("Audit log, as seen from here"),
    clock: _("Clock"),
    health: format(_("Health: $0"), of),
    flag: format(_("What can be relied on: $0"), of),
    version: format(_("Version: $0"), of),
    policy: _("SELinux policy that was proved"),
    proof: _("Proof of the SELinux policy"),
    keys: _("Drivers of keys that are ready"),
    alarms: _("Alarms of the audit log"),
    boot: _("Start of the machine"),
    agent: _("Start of the agent"),
  };
  return names[what];
}

/** By kind and value: what it stands for, and how good that is. */
function meaning(what: Change["what"], value: string): [Verdict, string] | undefined {
  switch (`${what} ${value}`) {
    case "member member":
      return ["good", _("in it")];
    case "member ":
      return ["unknown", _("not in it")];
    case "presence heard":
      return ["good", _("heard of")];
    case "presence silent":
      return ["unknown", _("not heard of")];
    case "presence none":
      return ["unknown", _("told nothing yet")];
    case "presence unreadable":
      return ["bad", _("unreadable")];
    case "incus online":
      return ["good", _("online")];
    case "incus offline":
      return ["bad", _("offline")];
    case "incus pending":
      return ["unknown", _("joining")];
    case "incus evacuated":
      return ["warning", _("evacuated")];
    case "log disputed":
      return ["bad", _("signed otherwise by others")];
    case "clock right":
      return ["good", _("right")];
    case "clock off":
      return ["warning", _("off")];
    default:
      return undefined;
  }
}

/** What stands for it; what the agent has no word for is shown as it is. */
export function shownValue({ what }: Pick<Change, "what">, value: string): ReactNode {
  const known = meaning(what, value);
  if (known !== undefined) return <VerdictTag verdict={known[0]} text={known[1]} />;
  if (value === "") return _("nothing");
  switch (what) {
    case "health":
    case "flag": {
      const verdict = verdictOrder.find((one) => one === value) ?? "unknown";
      return <VerdictTag verdict={verdict} text={verdictName(verdict)} />;
    }
    case "log": {
      const state = value as ClusterNode["log"]["state"];
      return <LogTag log={{ state, size: 0, seen: 0, text: "" }} />;
    }
    case "proof":
      return proofTag({
        ...{ sha256: "", provedAt: "", current: value !== "notLoaded" },
        proof: value === "notLoaded" ? "proved" : (value as "proved"),
      });
    case "policy":
      return <code>{value.slice(0, 16)}</code>;
    case "boot":
    case "agent":
      return dateTime(value);
    case "keys":
      return format(_("$0 of $1"), ...value.split("/"));
    default:
      return value;
  }
}
