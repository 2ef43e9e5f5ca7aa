/** Versions that daemons run, and who is behind the newest. */
import type { Progress } from "../../../agent/ceph/progress/answers.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";

export function Versions({ versions }: Pick<Progress, "versions">) {
  const mixed = versions.length > 1;
  return (
    <section className="ds-panel ds-stack" data-mixed={mixed}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Versions of daemons")}</h2>
      {mixed && <p className="ds-bad">{_("They differ; finish the upgrade.")}</p>}
      <ul className="ce-details">
        {versions.map(({ version, daemons, tried, names }) => (
          <li key={version}>
            <strong>{version}</strong> {ngettext("$0 daemon", "$0 daemons", daemons)}
            {!tried && ` ${_("(this console was not tried with it)")}`}
            {names.length > 0 && `: ${names.join(", ")}`}
            {names.length > 0 &&
              daemons > names.length &&
              ` ${format(_("and $0 more"), number(daemons - names.length))}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
