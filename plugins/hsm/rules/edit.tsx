/** Sets where a tenant's keys may live and be used; a second person must agree. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { RulesAnswer } from "../../../agent/hsm/jurisdiction/members.ts";
import { askFor } from "../../lib/ask.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { draftOf, rulesOf, rulesProblems, sameRules } from "./draft.ts";

export function EditRulesDialog({ answer }: { answer: RulesAnswer }) {
  const { tenant } = answer;
  const [draft, setDraft] = useState(() => draftOf(answer.rules));
  const problems = rulesProblems(draft);
  const rules = rulesOf(draft);
  const same = answer.set !== undefined && sameRules(rules, answer.rules);
  const invalid = Object.values(problems).some(Boolean) || same;
  return (
    <Dialog
      title={format(_("Set the rules of $0"), tenant)}
      action={_("Ask for these rules")}
      invalid={invalid}
      run={() =>
        askFor(
          () => client(hsm).SetRules(tenant, rules),
          format(_("The rules of $0 were set"), tenant),
        )
      }
    >
      <SecondPerson />
      <TextField
        label={_("Keys may live in")}
        required
        autoFocus
        value={draft.live}
        problem={problems.live}
        hint={_("regions of tokens, for example UK, DE")}
        change={(live) => setDraft({ ...draft, live })}
      />
      <TextField
        label={_("Keys may be used in")}
        required
        value={draft.use}
        problem={problems.use}
        hint={_("regions of nodes and of recipients, for example UK")}
        change={(use) => setDraft({ ...draft, use })}
      />
      <div className="ds-fields">
        <TextField
          label={_("How many must approve")}
          type="number"
          required
          value={draft.needed}
          problem={problems.needed}
          hint={_("beside the one who asks, for what cannot be taken back")}
          change={(needed) => setDraft({ ...draft, needed })}
        />
        <TextField
          label={_("Who may approve")}
          value={draft.approvers}
          problem={problems.approvers}
          hint={_("for example 1010:jane, 1011:omar; empty: any officer")}
          change={(approvers) => setDraft({ ...draft, approvers })}
        />
      </div>
      <p className="ds-subtle">
        {_(
          "No key is moved. A key that breaks the new rules stays where it is and cannot be used; it is listed here.",
        )}
      </p>
      {!invalid && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(hsm, "SetRules", [tenant, rules])} />
        </div>
      )}
    </Dialog>
  );
}
