/** What can be done about a denial, each with what it would open before anything is opened. */

import { selinux } from "../../../agent/selinux/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { RestoreDialog } from "../labels/restore.tsx";
import { BooleanDialog } from "../settings/boolean.tsx";
import type { Denial } from "./words.ts";

type Fix = NonNullable<NonNullable<Denial["explanation"]>["fix"]>;
type Of<K extends Fix["kind"]> = Extract<Fix, { kind: K }>;

export function FixPart({ fix }: { fix: Fix }) {
  return (
    <section className="ds-stack se-fix" data-fix={fix.kind}>
      {fix.kind === "restore" && <Restore fix={fix} />}
      {fix.kind === "boolean" && <Booleans fix={fix} />}
      {fix.kind === "port" && <Ports fix={fix} />}
      {fix.kind === "rule" && <Rule fix={fix} />}
    </section>
  );
}

function Restore({ fix: { files } }: { fix: Of<"restore"> }) {
  const { why } = useAccess();
  return (
    <>
      <h2 className="se-subtitle">{_("Restore the label")}</h2>
      <ul className="se-names">
        {files.map(({ path, found, restored }) => (
          <li key={path}>
            <code className="se-code">{path}</code>
            <div className="ds-subtle">
              <code className="se-code">
                {found ?? _("no label")} → {restored}
              </code>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <ActionButton
          variant="secondary"
          why={why(selinux, "restore")}
          onClick={() => showDialog(<RestoreDialog files={files} />)}
        >
          {ngettext("Restore the label", "Restore the labels", files.length)}
        </ActionButton>
      </div>
      <Command text={commandOf(selinux, "Restore", [files.map(({ path }) => path)])} />
    </>
  );
}

function Booleans({ fix: { choices } }: { fix: Of<"boolean"> }) {
  return (
    <>
      <h2 className="se-subtitle">
        {ngettext("A boolean that would allow it", "Booleans that would allow it", choices.length)}
      </h2>
      <ul className="se-names">
        {choices.map(({ condition, becomes, set, opens }) => (
          <li key={`${condition} ${becomes}`} className="ds-stack">
            <p>
              <code className="se-code">{set?.name ?? condition}</code>{" "}
              {becomesWords(set?.value ?? becomes, set !== undefined)}{" "}
              {format(
                _("It opens $0 about $1."),
                ngettext("$0 rule", "$0 rules", opens.rules),
                ngettext("$0 pair of types", "$0 pairs of types", opens.pairs),
              )}
            </p>
            {set && <SetIt {...set} />}
            <Examples rules={opens.examples} more={opens.rules - opens.examples.length} />
          </li>
        ))}
      </ul>
    </>
  );
}

function SetIt({ name, value }: { name: string; value: boolean }) {
  const { why } = useAccess();
  return (
    <>
      <div>
        <ActionButton
          variant="secondary"
          why={why(selinux, "settings")}
          onClick={() => showDialog(<BooleanDialog name={name} value={value} />)}
        >
          {format(value ? _("Switch on $0") : _("Switch off $0"), name)}
        </ActionButton>
      </div>
      <Command text={commandOf(selinux, "SetBoolean", [name, value])} />
    </>
  );
}

function becomesWords(value: boolean, single: boolean): string {
  if (single) return value ? _("would have to be on.") : _("would have to be off.");
  return value ? _("would have to be true.") : _("would have to be false.");
}

function Examples({ rules, more }: { rules: readonly string[]; more: number }) {
  if (rules.length === 0) return null;
  return (
    <details className="se-doubt">
      <summary>{_("What else that opens")}</summary>
      <ul>
        {rules.map((rule) => (
          <li key={rule}>
            <code className="se-code">{rule}</code>
          </li>
        ))}
      </ul>
      {more > 0 && <p>{ngettext("and $0 more", "and $0 more", more)}</p>}
    </details>
  );
}

function Ports({ fix: { choices } }: { fix: Of<"port"> }) {
  return (
    <>
      <h2 className="se-subtitle">{_("Types of ports that the program may use")}</h2>
      <ul className="se-names">
        {choices.map(({ type, ports, cil, domains }) => (
          <li key={type}>
            <code className="se-code">{type}</code>{" "}
            {ngettext("$0 domain may use it.", "$0 domains may use it.", domains)}{" "}
            {ports.length > 0 && (
              <span className="ds-subtle">{format(_("It has: $0"), ports.join(", "))}</span>
            )}
            {cil && <Command text={cil} copy={_("Copy the statement")} />}
          </li>
        ))}
      </ul>
    </>
  );
}

function Rule({ fix: { cil, place, opens } }: { fix: Of<"rule"> }) {
  const wide = opens.attributes.length > 0;
  return (
    <>
      <h2 className="se-subtitle">{_("Draft of a rule")}</h2>
      <p>{format(_("What it would open: $0"), opens.text)}</p>
      {wide && (
        <details className="se-doubt">
          <summary>{_("Who would get it, and to what")}</summary>
          <Types title={_("Who")} types={opens.sources} total={opens.sourceCount} />
          <Types title={_("To what")} types={opens.targets} total={opens.targetCount} />
        </details>
      )}
      <Command text={cil} copy={_("Copy the rule")} />
      <p className="ds-subtle">
        {place === "tenants"
          ? _(
              "It belongs into the template of tenants. It holds only in a policy that both proofs let pass, and that a second person has agreed to load.",
            )
          : _(
              "It belongs into the host’s part of the policy. It holds only in a policy that both proofs let pass, and that a second person has agreed to load.",
            )}
      </p>
    </>
  );
}

function Types(props: { title: string; types: readonly string[]; total: number }) {
  const { title, types, total } = props;
  const more = total - types.length;
  return (
    <p>
      {format(_("$0:"), title)} <code className="se-code">{types.join(" ")}</code>{" "}
      {more > 0 && ngettext("and $0 more", "and $0 more", more)}
    </p>
  );
}
