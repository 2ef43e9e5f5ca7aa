/** How SELinux runs now and after the next start, worst first. */
import type { SelinuxStatus } from "../../agent/selinux/answers.ts";
import { Checks } from "../lib/checks.tsx";

export function Mode({ facts }: { facts: SelinuxStatus["mode"] }) {
  return (
    <section className="ds-panel">
      <Checks checks={facts} />
    </section>
  );
}
