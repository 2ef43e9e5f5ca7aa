/** The fields by which a person declares a tenant, shared by the dialogs that create and change. */
import * as v from "valibot";
import { classifications, type Tenant, tenantSpecSchema } from "../../agent/tenants/contract.ts";
import { ChoiceField, problemOf, TextField } from "../lib/fields.tsx";
import { _ } from "../lib/i18n.ts";
import { classificationName } from "./words.ts";

/** As typed. */
export interface Draft {
  displayName: string;
  classification: Tenant["classification"];
  jurisdiction: string;
  cpu: string;
  ram: string;
  storage: string;
  contacts: string;
}

const { displayName, jurisdiction, quota, contacts } = tenantSpecSchema.entries;

export function contactList(text: string): string[] {
  return text
    .split(",")
    .map((contact) => contact.trim())
    .filter(Boolean);
}

/** What is wrong with each field, empty where nothing is. */
export function draftProblems(draft: Draft): Record<keyof Draft, string> {
  return {
    displayName: problemOf(displayName, draft.displayName),
    classification: "",
    jurisdiction: problemOf(jurisdiction, draft.jurisdiction),
    cpu: problemOf(quota.entries.cpu, draft.cpu),
    ram: problemOf(quota.entries.ram, draft.ram),
    storage: problemOf(quota.entries.storage, draft.storage),
    contacts: problemOf(contacts, contactList(draft.contacts)),
  };
}

export function hasProblem(problems: Record<string, string>): boolean {
  return Object.values(problems).some(Boolean);
}

/** @throws when a field has a problem; the dialogs do not come here before all are solved. */
export function quotaOf(draft: Draft) {
  return v.parse(quota, { cpu: draft.cpu, ram: draft.ram, storage: draft.storage });
}

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
