/** Dialog that makes a key in a tenant's token. */
import { useState } from "react";
import { type Algorithm, algorithms } from "../../../agent/hsm/algorithms.ts";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { DriverRow } from "../../../agent/hsm/drivers/answers.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _ } from "../../lib/i18n.ts";
import { watchJob } from "../../lib/jobs.ts";
import { useTenantNames } from "../../lib/tenant-field.tsx";
import { blank, draftProblems, type KeyDraft, specOf } from "./draft.ts";
import { algorithmHint, algorithmLabel } from "./words.ts";

interface Props {
  tenant: string;
  drivers: readonly DriverRow[];
}

/** Those for which few tokens have a mechanism yet. */
const postQuantum: readonly Algorithm[] = [
  "ML-DSA-65",
  "ML-KEM-768",
  "MLDSA65-P384",
  "MLKEM768-P384",
];

export function CreateKeyDialog({ tenant, drivers }: Props) {
  const [draft, setDraft] = useState<KeyDraft>({ ...blank, tenant });
  const change = (part: Partial<KeyDraft>) => setDraft({ ...draft, ...part });
  const names = useTenantNames(draft.tenant);
  const problems = draftProblems(draft, Date.now());
  const invalid = Object.values(problems).some(Boolean);
  const spec = specOf(draft);
  return (
    <Dialog
      title={_("Make a key")}
      action={_("Make it")}
      invalid={invalid}
      run={async () => watchJob(await client(hsm).CreateKey(draft.tenant, spec))}
    >
      <div className="ds-fields">
        <TextField
          label={_("Tenant")}
          required
          autoFocus={tenant === ""}
          value={draft.tenant}
          problem={problems.tenant}
          hint={_("its token must be there")}
          offers={names}
          change={(value) => change({ tenant: value })}
        />
        <TextField
          label={_("Name")}
          required
          autoFocus={tenant !== ""}
          value={draft.name}
          problem={problems.name}
          hint={_("for example documents; it stays for ever")}
          change={(name) => change({ name })}
        />
      </div>
      <ChoiceField
        label={_("Algorithm")}
        value={draft.algorithm}
        options={algorithms.map((value) => ({ value, label: algorithmLabel(value) }))}
        hint={algorithmHint(draft.algorithm)}
        change={(algorithm) => change({ algorithm: algorithm as Algorithm })}
      />
      {postQuantum.includes(draft.algorithm) && (
        <p className="ds-subtle">
          {_(
            "Where the token has no such mechanism, the seed is sealed under an AES key of the token: protected at rest, not in use. The key says which it is.",
          )}
        </p>
      )}
      <Where draft={draft} drivers={drivers} change={change} />
      <div className="ds-fields">
        <TextField
          label={_("Usable from")}
          type="date"
          value={draft.activate}
          problem={problems.activate}
          hint={_("empty: at once")}
          change={(activate) => change({ activate })}
        />
        <TextField
          label={_("Expires on")}
          type="date"
          value={draft.expire}
          problem={problems.expire}
          hint={_("deactivated by itself then; empty: never")}
          change={(expire) => change({ expire })}
        />
        <TextField
          label={_("Days between rotations")}
          type="number"
          value={draft.rotateDays}
          problem={problems.rotateDays}
          hint={_("0: only by hand")}
          change={(rotateDays) => change({ rotateDays })}
        />
      </div>
      {!invalid && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(hsm, "CreateKey", [draft.tenant, spec])} />
        </div>
      )}
    </Dialog>
  );
}

interface WhereProps {
  draft: KeyDraft;
  drivers: readonly DriverRow[];
  change: (part: Partial<KeyDraft>) => void;
}

/** Asked only where there is something to choose. */
function Where({ draft, drivers, change }: WhereProps) {
  const regions = [...new Set(drivers.map(({ region }) => region))].filter(Boolean).sort();
  if (drivers.length < 2) return null;
  return (
    <div className="ds-fields">
      {regions.length > 1 && (
        <ChoiceField
          label={_("Region")}
          value={draft.region}
          options={[
            { value: "", label: _("any that the rules allow") },
            ...regions.map((value) => ({ value, label: value })),
          ]}
          hint={_("the key never leaves it")}
          change={(region) => change({ region })}
        />
      )}
      <ChoiceField
        label={_("Driver")}
        value={draft.driver}
        options={[
          { value: "", label: _("any") },
          ...drivers.map(({ name }) => ({ value: name, label: name })),
        ]}
        change={(driver) => change({ driver })}
      />
    </div>
  );
}
