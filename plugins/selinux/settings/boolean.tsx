/** Sets a boolean: what it would open and close is read before it is asked for. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { selinux } from "../../../agent/selinux/contract.ts";
import type { BooleanEffect, Settings } from "../../../agent/selinux/settings/answers.ts";
import { ask } from "../../lib/ask.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { Failure, Loading } from "../../lib/states.tsx";

type Bool = Settings["booleans"][number];

export function BooleanDialog({ name, value }: { name: Bool["name"]; value: boolean }) {
  const api = client(selinux);
  const { data, error, refresh } = useQuery(`${name} ${value}`, () =>
    api.BooleanEffect(name, value),
  );
  const title = value ? _("Switch “$0” on?") : _("Switch “$0” off?");
  return (
    <Dialog
      title={format(title, name)}
      action={_("Ask for it")}
      danger
      invalid={data === undefined}
      run={() => ask(() => api.SetBoolean(name, value))}
    >
      <Alert isInline component="h2" variant="info" title={_("Another person must approve it")}>
        {_(
          "It holds until the next start. The policy is proved before and after; where that fails, the boolean is set back.",
        )}
      </Alert>
      {data ? (
        <Effect effect={data} />
      ) : error ? (
        <Failure error={error} retry={refresh} />
      ) : (
        <Loading rows={3} />
      )}
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(selinux, "SetBoolean", [name, value])} />
      </div>
    </Dialog>
  );
}

export function Effect({ effect }: { effect: BooleanEffect }) {
  const { opens, closes, typeRules, proof } = effect;
  return (
    <div className="ds-stack" data-effect={effect.name}>
      <Rules title={_("What it opens")} rules={opens} />
      <Rules title={_("What it closes")} rules={closes} />
      {typeRules > 0 && (
        <p>
          {ngettext(
            "$0 rule that gives new objects a type changes too.",
            "$0 rules that give new objects a type change too.",
            typeRules,
          )}
        </p>
      )}
      <p>{proof}</p>
    </div>
  );
}

function Rules({ title, rules }: { title: string; rules: BooleanEffect["opens"] }) {
  const more = rules.rules - rules.examples.length;
  return (
    <section>
      <h2 className="se-subtitle">{title}</h2>
      {rules.rules === 0 ? (
        <p>{_("Nothing.")}</p>
      ) : (
        <>
          <p>
            {format(
              _("$0 about $1:"),
              ngettext("$0 rule", "$0 rules", rules.rules),
              ngettext("$0 pair of types", "$0 pairs of types", rules.pairs),
            )}
          </p>
          <ul>
            {rules.examples.map((rule) => (
              <li key={rule}>
                <code className="se-code">{rule}</code>
              </li>
            ))}
          </ul>
          {more > 0 && <p>{ngettext("and $0 more", "and $0 more", more)}</p>}
        </>
      )}
    </section>
  );
}
