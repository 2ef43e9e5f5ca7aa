/** The verdict in one line, above every part but the overview, which has it in full. */
import type { SelinuxStatus } from "../../agent/selinux/answers.ts";
import { verdictColors, verdictName } from "../lib/assurance.tsx";
import { _ } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { judge } from "./judge.ts";
import { tabAddress } from "./view.ts";

export function Strip({ status, stale }: { status: SelinuxStatus; stale: boolean }) {
  const { key, verdict, sentence } = judge(status, stale);
  return (
    <p role="status" data-strip={key}>
      <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag> {sentence}{" "}
      <a href={tabAddress("overview")}>{_("What that means")}</a>
    </p>
  );
}
