/** What can be relied on here: each verdict with its fact, its command and its age. */
import type { Check } from "../../agent/node/contract.ts";
import { Checks } from "../lib/checks.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, relativeTime } from "../lib/i18n.ts";
import { PageLink } from "../lib/page-link.tsx";

export function Assurance({ checks }: { checks: readonly Check[] }) {
  const now = useNow();
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("What can be relied on")}</h2>
      <Checks
        checks={checks}
        beside={({ checkedAt }) => (
          <span className="ds-subtle">{relativeTime(checkedAt, now)}</span>
        )}
        below={({ id }) => <More id={id} />}
      />
    </section>
  );
}

/** Where more is said about it. */
function More({ id }: { id: string }) {
  if (id === "selinux") {
    return (
      <PageLink page="selinux">{_("What is proved of the policy, and by which rules")}</PageLink>
    );
  }
  if (id === "hsm") return <PageLink page="hsm">{_("Drivers, tokens and keys")}</PageLink>;
  return null;
}
