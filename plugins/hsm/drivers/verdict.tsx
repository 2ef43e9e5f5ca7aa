/** How far keys can be relied on: the verdict, and what it stands on. */
import type { DriversAnswer } from "../../../agent/hsm/drivers/answers.ts";
import type { Check } from "../../../agent/node/contract.ts";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";
import { judge } from "../judge.ts";

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const edges: Record<Check["verdict"], string> = {
  good: "hsm-good",
  warning: "hsm-warning",
  bad: "hsm-bad",
  unknown: "",
};

export function Verdict({ drivers, stale }: { drivers: DriversAnswer; stale: boolean }) {
  const { key, verdict, sentence } = judge(drivers, stale);
  return (
    <section className={`ds-panel hsm-verdict ${edges[verdict]}`} data-verdict={key}>
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>{" "}
        {_("What protects the keys")}
      </h2>
      <p role="status">{sentence}</p>
      <p className="ds-subtle">{format(_("asked on $0"), dateTime(drivers.at))}</p>
    </section>
  );
}
