/** What can be relied on here: each verdict with why it matters, how it was found out, what to do. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useState } from "react";
import { type Check, verdicts } from "../../agent/node/contract.ts";
import { verdictName } from "../lib/assurance.tsx";
import { Checks } from "../lib/checks.tsx";
import { ChoiceMenu } from "../lib/choice.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, format, ngettext, number, relativeTime } from "../lib/i18n.ts";
import { showLate } from "../lib/late.ts";
import { PageLink } from "../lib/page-link.tsx";
import { SearchField } from "../lib/search.tsx";
import { NoMatch } from "../lib/states.tsx";

async function bootDialog() {
  const { BootDialog } = await import("./boot.tsx");
  return <BootDialog />;
}

async function etcDialog() {
  const { EtcDialog } = await import("./etc.tsx");
  return <EtcDialog />;
}

type Shown = Check["verdict"] | "all" | "weak";

export function Assurance({ checks }: { checks: readonly Check[] }) {
  const now = useNow();
  const [shown, setShown] = useState<Shown>("all");
  const [text, setText] = useState("");
  const found = checks.filter((check) => fits(check, shown) && has(check, text));
  const clear = () => {
    setShown("all");
    setText("");
  };
  return (
    <section className="ds-panel ds-stack" aria-label={_("What can be relied on")}>
      <h2 className="pf-v6-c-title pf-m-md">{_("What can be relied on")}</h2>
      <div className="ds-toolbar">
        <SearchField label={_("Search in the checks")} text={text} change={setText} />
        <ChoiceMenu
          label={_("Which checks")}
          value={shown}
          options={choices(checks)}
          change={setShown}
        />
        <span className="ds-subtle" role="status">
          {format(
            _("$0 of $1"),
            number(found.length),
            ngettext("$0 check", "$0 checks", checks.length),
          )}
        </span>
      </div>
      {found.length === 0 ? (
        <NoMatch title={_("No check fits this")} clear={clear} />
      ) : (
        <Checks
          checks={found}
          beside={({ checkedAt }) => (
            <span className="ds-subtle">{relativeTime(checkedAt, now)}</span>
          )}
          below={(check) => <Below check={check} />}
        />
      )}
    </section>
  );
}

function fits({ verdict }: Check, shown: Shown): boolean {
  if (shown === "weak") return verdict !== "good";
  return shown === "all" || verdict === shown;
}

function has({ id, title, fact, why, remedy }: Check, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [id, title, fact, why, remedy].some((told) => told.toLowerCase().includes(wanted));
}

function choices(checks: readonly Check[]): [Shown, string][] {
  const named = (shown: Shown, name: string): [Shown, string] => {
    const { length } = checks.filter((check) => fits(check, shown));
    return [shown, format(_("$0 ($1)"), name, number(length))];
  };
  return [
    named("all", _("all")),
    named("weak", _("all that is not good")),
    ...[...verdicts].reverse().map((verdict) => named(verdict, verdictName(verdict))),
  ];
}

function Below({ check: { id, title, why, how } }: { check: Check }) {
  return (
    <>
      <details>
        <summary>
          {_("Why, and how it was found out")}
          <span className="pf-v6-screen-reader"> {title}</span>
        </summary>
        <div className="ds-stack">
          <p>{why}</p>
          <ul>
            {how.map(({ from, read }) => (
              <li key={from}>
                <code className="ds-read">{from}</code> {read}
              </li>
            ))}
          </ul>
        </div>
      </details>
      <More id={id} />
    </>
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
  if (id === "measured-boot") {
    return (
      <Button variant="link" isInline onClick={() => void showLate(bootDialog)}>
        {_("What was measured, and what is expected")}
      </Button>
    );
  }
  if (id === "etc-history") {
    return (
      <Button variant="link" isInline onClick={() => void showLate(etcDialog)}>
        {_("Who changed what in /etc")}
      </Button>
    );
  }
  return null;
}
