/** What the proof takes for granted: whoever does not believe this need not believe the proof. */
import type { Proof } from "../../agent/selinux/answers.ts";
import { _ } from "../lib/i18n.ts";
import { assumptionWords } from "./words.ts";

interface List {
  key: string;
  title: string;
  means: string;
  names: readonly string[];
}

function listsOf({ trustedBase, shared, permissive }: Proof): List[] {
  return [
    {
      key: "trusted",
      title: _("Trusted base"),
      means: _(
        "Domains that are trusted to keep tenants apart. Whoever takes one of them over gets to every tenant. The proof ends at them; everything else of the host it follows.",
      ),
      names: trustedBase,
    },
    {
      key: "shared",
      title: _("Shared types"),
      means: _(
        "Things of the host that every tenant may use, because they hold nothing of whoever writes to them.",
      ),
      names: shared,
    },
    {
      key: "permissive",
      title: _("Permissive domains"),
      means: _("Domains that the kernel refuses nothing to, whatever the rules say."),
      names: permissive,
    },
  ];
}

export function Assumptions({ proof }: { proof: Proof }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("What the proof makes exceptions for")}</h2>
      <div className="ds-panels">
        {listsOf(proof).map(({ key, title, means, names }) => (
          <div key={key} className="ds-stack" data-list={key}>
            <h3 className="se-subtitle">{title}</h3>
            <p className="ds-subtle">{means}</p>
            <Names names={names} />
          </div>
        ))}
      </div>
    </section>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <p>{_("None.")}</p>;
  return (
    <ul className="se-names">
      {names.map((name) => (
        <li key={name}>
          <code className="se-code">{name}</code>{" "}
          <span className="ds-subtle">{assumptionWords(name)}</span>
        </li>
      ))}
    </ul>
  );
}
