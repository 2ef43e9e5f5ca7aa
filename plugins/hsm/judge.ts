/** What the drivers' answers say together: how far the keys of this node can be relied on. */
import type { DriverRow, DriversAnswer } from "../../agent/hsm/drivers/answers.ts";
import type { Check } from "../../agent/node/contract.ts";
import { _, ngettext } from "../lib/i18n.ts";

export interface Judgement {
  /** Names the case, for tests and for styles. */
  key: "stale" | "none" | "down" | "unknown" | "software" | "unvalidated" | "claimed";
  verdict: Check["verdict"];
  sentence: string;
}

export const works = ({ state }: DriverRow): boolean => state === "ready";

/** The worst holds for all: whoever reads one line must not think better of the node than it is. */
export function judge({ rows }: DriversAnswer, stale: boolean): Judgement {
  if (stale) {
    return { key: "stale", verdict: "unknown", sentence: _("The agent does not answer.") };
  }
  if (rows.length === 0) {
    return {
      key: "none",
      verdict: "unknown",
      sentence: _("No driver is set up, so no key is here."),
    };
  }
  const down = rows.filter((row) => !works(row));
  if (down.length > 0) {
    const names = down.map(({ name }) => name).join(", ");
    return {
      ...{ key: "down", verdict: "bad" },
      sentence: [
        ngettext("$0 driver does not work:", "$0 drivers do not work:", down.length),
        `${names}.`,
        _("Keys of its tokens cannot be used until it does; nothing of them is lost by that."),
      ].join(" "),
    };
  }
  return judgeAssurance(rows);
}

function judgeAssurance(rows: readonly DriverRow[]): Judgement {
  if (rows.some(({ assurance }) => assurance.kind === "unknown")) {
    return {
      ...{ key: "unknown", verdict: "unknown" },
      sentence: _("What protects the keys could not be found out; it counts as software."),
    };
  }
  if (rows.some(({ assurance }) => assurance.kind === "software")) {
    return {
      ...{ key: "software", verdict: "warning" },
      sentence: _(
        "Keys are in a software HSM, in files of this machine: whoever is root here can copy them. It is not FIPS validated.",
      ),
    };
  }
  if (rows.some(({ assurance }) => assurance.validated === "no")) {
    return {
      ...{ key: "unvalidated", verdict: "warning" },
      sentence: _("Keys are in hardware for which no FIPS certificate was entered."),
    };
  }
  return {
    ...{ key: "claimed", verdict: "good" },
    sentence: _(
      "Keys are in hardware with a FIPS certificate, as the operator entered it; DsecOS did not check that.",
    ),
  };
}
