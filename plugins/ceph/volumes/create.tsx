/** Dialog that declares a volume of a tenant, and says what that will mean. */
import { useState } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import {
  poolName,
  redundancyOf,
  type StorageClass,
  storageClasses,
} from "../../../agent/ceph/volumes/classes.ts";
import type { VolumeKindName } from "../../../agent/ceph/volumes/kinds/names.ts";
import { tenants } from "../../../agent/tenants/contract.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { CheckField, ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { watchJob } from "../../lib/jobs.ts";
import { useTenantNames } from "../../lib/tenant-field.tsx";
import {
  blank,
  bytesOf,
  canHold,
  draftProblems,
  offeredKinds,
  specOf,
  type VolumeDraft,
} from "./draft.ts";
import {
  bytes,
  classMeans,
  className,
  holdMeans,
  kindLimits,
  kindMeans,
  kindName,
  snapshotsMean,
} from "./words.ts";

export function CreateVolumeDialog({ tenant }: { tenant: string }) {
  const [draft, setDraft] = useState<VolumeDraft>({ ...blank, tenant });
  const change = (part: Partial<VolumeDraft>) => setDraft({ ...draft, ...part });
  const names = useTenantNames(draft.tenant);
  const problems = draftProblems(draft);
  const invalid = Object.values(problems).some(Boolean);
  const spec = specOf(draft);
  return (
    <Dialog
      title={_("Make a volume")}
      action={_("Make it")}
      invalid={invalid}
      run={async () => watchJob(await client(ceph).CreateVolume(draft.tenant, spec))}
    >
      <div className="ds-fields">
        <TextField
          label={_("Tenant")}
          required
          autoFocus={tenant === ""}
          value={draft.tenant}
          problem={problems.tenant}
          hint={_("its key opens it, and no other")}
          offers={names}
          change={(value) => change({ tenant: value })}
        />
        <TextField
          label={_("Name")}
          required
          autoFocus={tenant !== ""}
          value={draft.name}
          problem={problems.name}
          hint={_("for example archive")}
          change={(name) => change({ name })}
        />
        <TextField
          label={_("Size")}
          required
          value={draft.size}
          problem={problems.size}
          hint={_("it can be changed later")}
          change={(size) => change({ size })}
        />
      </div>
      <ChoiceField
        label={_("Kind")}
        value={draft.kind}
        options={offeredKinds.map((value) => ({ value, label: kindName(value) }))}
        hint={kindMeans(draft.kind)}
        change={(value) => change({ kind: value as VolumeKindName })}
      />
      <ChoiceField
        label={_("Class")}
        value={draft.class}
        options={storageClasses.map((value) => ({ value, label: `${value}: ${className(value)}` }))}
        hint={classMeans(draft.class)}
        change={(value) => change({ class: value as StorageClass })}
      />
      {canHold(draft) && (
        <CheckField
          label={holdMeans(draft.kind)}
          value={draft.worm}
          change={(worm) => change({ worm })}
        />
      )}
      {spec.worm && (
        <TextField
          label={
            draft.kind === "file"
              ? _("Days that each snapshot is kept")
              : _("Days that everything written is held")
          }
          type="number"
          required
          value={draft.retention}
          problem={problems.retention}
          hint={_("nobody can shorten that afterwards, and nobody can delete the volume before")}
          change={(retention) => change({ retention })}
        />
      )}
      {!invalid && <Meaning draft={draft} />}
      {!invalid && (
        <div>
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(ceph, "CreateVolume", [draft.tenant, spec])} />
        </div>
      )}
    </Dialog>
  );
}

/** Where it will be and what it takes, before it is made. */
function Meaning({ draft }: { draft: VolumeDraft }) {
  const { tenant, kind, size, class: storageClass, worm, retention } = draft;
  const jurisdiction = useJurisdiction(tenant);
  const fits = bytesOf(size) ?? 0;
  return (
    <section className="ds-stack" data-meaning={jurisdiction ?? ""}>
      <h2 className="pf-v6-c-title pf-m-md">{_("What it will mean")}</h2>
      <ul className="ce-meaning">
        <li>
          {jurisdiction === undefined
            ? _("Its data stays in the jurisdiction of the tenant.")
            : format(
                _("Its data stays in $0, the tenant’s jurisdiction: it comes into the pool $1."),
                jurisdiction,
                poolName(jurisdiction, storageClass, kind),
              )}
        </li>
        <li>
          {format(
            _("Full, it takes $0 of the cluster’s devices. Nothing is set aside for it."),
            bytes(fits * redundancyOf[storageClass].copies),
          )}
        </li>
        <li>{kindLimits(kind)}</li>
        {worm && kind === "file" && <li>{snapshotsMean(Number(retention))}</li>}
        <li>
          {_(
            "Where it cannot be made now, it stays declared with the reason, and is made once that is put right.",
          )}
        </li>
      </ul>
    </section>
  );
}

/** @returns undefined while it is not known */
function useJurisdiction(tenant: string): string | undefined {
  const { data } = useQuery(`jurisdiction ${tenant}`, () =>
    client(tenants).List({
      ...{ search: tenant, state: [], classification: [], jurisdiction: [], troubled: false },
      ...{ sort: "name", descending: false, cursor: "", limit: 100 },
    }),
  );
  return data?.rows.find(({ name }) => name === tenant)?.jurisdiction;
}
