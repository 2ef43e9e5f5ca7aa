/** Changes the states of keys, one or many, each with a reason that goes on record. */
import { useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import { type KeyRow, reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { each } from "./each.tsx";
import { keyStateMeans } from "./words.ts";

export type Change =
  | "Activate"
  | "Suspend"
  | "Resume"
  | "Deactivate"
  | "Compromise"
  | "CancelDestroy";

interface Words {
  one: string;
  many: string;
  action: string;
  text: string;
  done: string;
}

function wordsOf(change: Change): Words {
  const words: Record<Change, Words> = {
    Activate: {
      one: _("Activate $0?"),
      many: _("Activate $0 keys?"),
      action: _("Activate"),
      text: keyStateMeans("active"),
      done: _("active"),
    },
    Suspend: {
      one: _("Suspend $0?"),
      many: _("Suspend $0 keys?"),
      action: _("Suspend"),
      text: keyStateMeans("suspended"),
      done: _("suspended"),
    },
    Resume: {
      one: _("Resume $0?"),
      many: _("Resume $0 keys?"),
      action: _("Resume"),
      text: keyStateMeans("active"),
      done: _("resumed"),
    },
    Deactivate: {
      one: _("Deactivate $0 for good?"),
      many: _("Deactivate $0 keys for good?"),
      action: _("Deactivate"),
      text: keyStateMeans("deactivated"),
      done: _("deactivated"),
    },
    Compromise: {
      one: _("Put on record that others may have $0?"),
      many: _("Put on record that others may have $0 keys?"),
      action: _("Mark as compromised"),
      text: keyStateMeans("compromised"),
      done: _("marked as compromised"),
    },
    CancelDestroy: {
      one: _("Keep $0?"),
      many: _("Keep $0 keys?"),
      action: _("Cancel the destruction"),
      text: _("The key is not destroyed, and goes back to the state that it had before."),
      done: _("kept"),
    },
  };
  return words[change];
}

const forGood: readonly Change[] = ["Deactivate", "Compromise"];

export function ChangeDialog({ change, keys }: { change: Change; keys: readonly KeyRow[] }) {
  const [reason, setReason] = useState("");
  const { one, many, action, text, done } = wordsOf(change);
  const [first] = keys;
  const problem = problemOf(reasonSchema, reason.trim());
  if (first === undefined) return null;
  return (
    <Dialog
      title={keys.length === 1 ? format(one, first.name) : format(many, keys.length)}
      action={action}
      danger={forGood.includes(change)}
      invalid={problem !== ""}
      run={() =>
        each(keys, done, ({ tenant, name }) => client(hsm)[change](tenant, name, reason.trim()))
      }
    >
      <p>{text}</p>
      {forGood.includes(change) && <p className="hsm-weak">{_("There is no way back.")}</p>}
      {keys.length > 1 && <KeyNames keys={keys} />}
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
      {problem === "" && (
        <div>
          <p className="ds-subtle">
            {ngettext(
              "The same from the command line:",
              "The same from the command line, for each key:",
              keys.length,
            )}
          </p>
          <Command text={commandOf(hsm, change, [first.tenant, first.name, reason.trim()])} />
        </div>
      )}
    </Dialog>
  );
}

export function KeyNames({ keys }: { keys: readonly KeyRow[] }) {
  return (
    <ul className="hsm-names">
      {keys.map(({ tenant, name }) => (
        <li key={`${tenant}/${name}`}>
          <strong>{name}</strong> <span className="ds-subtle">{tenant}</span>
        </li>
      ))}
    </ul>
  );
}
