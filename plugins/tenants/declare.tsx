/** The fields by which a person declares a tenant, shared by the dialogs that create and change. */
import { classifications } from "../../agent/tenants/contract.ts";
import { ChoiceField, TextField } from "../lib/fields.tsx";
import { _ } from "../lib/i18n.ts";
import type { Draft } from "./draft.ts";
import { classificationName } from "./words.ts";

interface Props {
  draft: Draft;
  problems: Record<keyof Draft, string>;
  change: (part: Partial<Draft>) => void;
}

export function DraftFields({ draft, problems, change }: Props) {
  return (
    <>
      <div className="ds-fields">
        <TextField
          label={_("CPU cores")}
          required
          value={draft.cpu}
          problem={problems.cpu}
          hint={_("for example 128")}
          change={(cpu) => change({ cpu })}
        />
        <TextField
          label={_("RAM")}
          required
          value={draft.ram}
          problem={problems.ram}
          hint={_("for example 1TB")}
          change={(ram) => change({ ram })}
        />
        <TextField
          label={_("Storage")}
          required
          value={draft.storage}
          problem={problems.storage}
          hint={_("for example 50TB")}
          change={(storage) => change({ storage })}
        />
      </div>
      <div className="ds-fields">
        <ChoiceField
          label={_("Classification")}
          value={draft.classification}
          hint={_("the highest of its data")}
          options={classifications.map((value) => ({ value, label: classificationName(value) }))}
          change={(value) =>
            change({ classification: classifications.find((one) => one === value) ?? "official" })
          }
        />
        <TextField
          label={_("Jurisdiction")}
          value={draft.jurisdiction}
          problem={problems.jurisdiction}
          hint={_("where its data must stay, for example UK")}
          change={(value) => change({ jurisdiction: value.toUpperCase() })}
        />
      </div>
      <TextField
        label={_("Contacts")}
        value={draft.contacts}
        problem={problems.contacts}
        hint={_("who to call, separated by commas")}
        change={(value) => change({ contacts: value })}
      />
    </>
  );
}
