/** Which policy was proved, and how much of it there is. */
import type { Proof } from "../../agent/selinux/answers.ts";
import { LAST_SLOT, MOST_TYPE_IDS, TYPES_PER_TENANT } from "../../agent/selinux/policy/names.ts";
import { _, format, ngettext, number, size } from "../lib/i18n.ts";
import { Meter } from "../lib/meter.tsx";
import { unknownWords } from "./words.ts";

export function ProvedPolicy({ policy }: { policy: NonNullable<Proof["policy"]> }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("Policy that was proved")}</h2>
      <dl className="ds-facts">
        <dt>{_("SHA-256")}</dt>
        <dd>
          <code className="se-code">{policy.sha256}</code>
        </dd>
        <dt>{_("Format")}</dt>
        <dd>{format(_("version $0"), policy.version)}</dd>
        <dt>{_("Size")}</dt>
        <dd>{size(policy.size / 1024)}</dd>
        <dt>{_("Permissions that it has no name for")}</dt>
        <dd>{unknownWords(policy.unknown)}</dd>
      </dl>
    </section>
  );
}

export function LookedAt({ counts }: { counts: NonNullable<Proof["counts"]> }) {
  const byIds = Math.floor((MOST_TYPE_IDS - counts.typeIds) / TYPES_PER_TENANT);
  const room = Math.max(0, Math.min(byIds, LAST_SLOT - counts.tenants));
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("What was looked at")}</h2>
      <dl className="ds-facts">
        <dt>{_("Slots for tenants, spare ones too")}</dt>
        <dd>{number(counts.tenants)}</dd>
        <dt>{_("Types")}</dt>
        <dd>
          {format(
            _("$0, of which $1 are tenants’, in $2 attributes"),
            number(counts.types),
            number(counts.tenantTypes),
            number(counts.attributes),
          )}
        </dd>
        <dt>{_("Rules that allow")}</dt>
        <dd>
          {format(
            _("$0, and $1 under booleans, all taken for switched on"),
            number(counts.allowRules),
            number(counts.conditionalRules),
          )}
        </dd>
        <dt>{_("Rules that give a new type")}</dt>
        <dd>{number(counts.typeRules)}</dd>
        <dt>{_("Type ids")}</dt>
        <dd>
          <Meter
            label={_("Type ids that are taken")}
            used={counts.typeIds}
            limit={MOST_TYPE_IDS}
            write={number}
          />
          <span className="ds-subtle">
            {ngettext(
              "The kernel has no more. There is room for $0 more slot.",
              "The kernel has no more. There is room for $0 more slots.",
              room,
            )}
          </span>
        </dd>
      </dl>
    </section>
  );
}
