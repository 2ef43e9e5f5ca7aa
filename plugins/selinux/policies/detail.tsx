/** One built policy in full: what was proved of it, from what it was built, and what became of it. */
import type { BuiltPolicy } from "../../../agent/selinux/loads/answers.ts";
import { _, dateTime, format, ngettext, number, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import { eventName } from "./words.ts";

type Statement = NonNullable<BuiltPolicy["statement"]>;

export function PolicyDetail({ built }: { built: BuiltPolicy }) {
  const { policy, statement, events, problem } = built;
  return (
    <div className="ds-stack">
      {problem && <p className="ds-bad">{format(_("It cannot be loaded: $0"), problem)}</p>}
      <dl className="ds-facts">
        <dt>{_("SHA-256")}</dt>
        <dd>
          <code className="se-code">{policy}</code>
        </dd>
        {statement && <Facts statement={statement} />}
      </dl>
      <h2 className="se-subtitle">{_("What became of it")}</h2>
      <ol className="se-names">
        {events.map(({ event, at, actor, reason, sequence }) => (
          <li key={sequence}>
            {format(_("$0 on $1 by $2"), eventName(event), dateTime(at), actor)} {reason}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Facts({ statement }: { statement: Statement }) {
  const { slots, typeIds, counts, proofs, inputs, node, at, by, signer, bytes } = statement;
  return (
    <>
      <dt>{_("Built")}</dt>
      <dd>{format(_("$0 by $1 on $2"), dateTime(at), by.user, node)}</dd>
      <dt>{_("Proofs")}</dt>
      <dd>
        {ngettext(
          "Both: the compiler’s, over $0 rule that forbids, and our reader’s.",
          "Both: the compiler’s, over $0 rules that forbid, and our reader’s.",
          proofs.compiler.neverallows,
        )}
      </dd>
      <dt>{_("Slots")}</dt>
      <dd>
        {format(
          _(
            "$0, of which $1 had a tenant then and $2 were kept for files of tenants that are gone",
          ),
          number(slots.count),
          number(slots.tenants),
          number(slots.quarantined),
        )}
      </dd>
      <dt>{_("Type ids")}</dt>
      <dd>
        <Meter
          label={_("Type ids that are taken")}
          used={typeIds.used}
          limit={typeIds.limit}
          write={number}
        />
      </dd>
      <dt>{_("Rules that allow")}</dt>
      <dd>
        {format(
          _("$0, and $1 that depend on booleans; $2"),
          number(counts.allowRules),
          number(counts.conditionalRules),
          size(bytes / 1024),
        )}
      </dd>
      <dt>{_("Built from")}</dt>
      <dd>
        {ngettext(
          "$0 module of Debian and our own sources",
          "$0 modules of Debian and our own sources",
          inputs.moduleCount,
        )}
      </dd>
      <dt>{_("Signed with")}</dt>
      <dd>
        <code className="se-code">{signer.fingerprint}</code>
      </dd>
    </>
  );
}
