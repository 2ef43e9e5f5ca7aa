/** How far the keys can be relied on, in one line above every part but the overview. */
import type { DriversAnswer } from "../../agent/hsm/drivers/answers.ts";
import { verdictColors, verdictName } from "../lib/assurance.tsx";
import { _ } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { judge } from "./judge.ts";
import { partAddress } from "./part.ts";

export function Strip({ drivers, stale }: { drivers: DriversAnswer; stale: boolean }) {
  const { key, verdict, sentence } = judge(drivers, stale);
  return (
    <p role="status" data-strip={key}>
      <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag> {sentence}{" "}
      <a href={partAddress("overview")}>{_("What that means")}</a>
    </p>
  );
}
