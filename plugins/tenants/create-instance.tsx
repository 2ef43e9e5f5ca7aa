/** Dialog that creates instances: one, or many at once, as one job. */
import { useState } from "react";
import {
  instanceNameSchema,
  instanceSpecSchema,
  instances,
} from "../../agent/instances/contract.ts";
import type { Tenant } from "../../agent/tenants/contract.ts";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { CheckField, ChoiceField, TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { _, format, number, size } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import { hasProblem } from "./draft.ts";
import { useImages } from "./images.tsx";

const { count, cpu, ram, storage } = instanceSpecSchema.entries;

/** The tenant's part of the record that says what is still free. */
type Free = Pick<Tenant, "limit" | "promised">;

function freeText({ limit, promised }: Free): string {
  return format(
    _("Still free: $0 cores, $1 RAM, $2 storage."),
    number(Math.max(0, limit.cpu - promised.cpu)),
    size(Math.max(0, limit.ramKib - promised.ramKib)),
    size(Math.max(0, limit.storageKib - promised.storageKib)),
  );
}

export function CreateInstanceDialog({ tenant }: { tenant: Tenant }) {
  const images = useImages();
  const choices = (images.data?.images ?? []).flatMap(({ aliases, type }) =>
    aliases.map((alias) => ({ alias, type })),
  );
  const [name, setName] = useState("");
  const [image, setImage] = useState("");
  const [amount, setAmount] = useState({ count: "1", cpu: "1", ram: "512MiB", storage: "4GiB" });
  const [start, setStart] = useState(true);
  const picked = choices.find(({ alias }) => alias === image) ?? choices[0];
  const problems = {
    name: problemOf(instanceNameSchema, name),
    count: problemOf(count, Number(amount.count)),
    cpu: problemOf(cpu, Number(amount.cpu)),
    ram: problemOf(ram, amount.ram),
    storage: problemOf(storage, amount.storage),
  };
  const set = (part: Partial<typeof amount>) => setAmount({ ...amount, ...part });
  const spec = {
    image: picked?.alias ?? "",
    type: picked?.type ?? ("container" as const),
    count: Number(amount.count),
    cpu: Number(amount.cpu),
    ram: amount.ram,
    storage: amount.storage,
    start,
  };
  const invalid = hasProblem(problems) || !picked;
  return (
    <Dialog
      title={_("Create instances")}
      action={_("Create")}
      invalid={invalid}
      run={async () => {
        await watchJob(await client(instances).Create(tenant.name, name, spec));
      }}
    >
      <p className="ds-subtle">{freeText(tenant)}</p>
      <div className="ds-fields">
        <TextField
          label={_("Name")}
          required
          autoFocus
          value={name}
          problem={problems.name}
          hint={_("for example web")}
          change={setName}
        />
        <TextField
          label={_("How many")}
          type="number"
          value={amount.count}
          problem={problems.count}
          hint={_("more than one: names end in -001 and so on")}
          change={(value) => set({ count: value })}
        />
      </div>
      <ChoiceField
        label={_("Image")}
        value={picked?.alias ?? ""}
        problem={
          images.data && choices.length === 0
            ? _("There is no image yet: import one on the tab “Images” first.")
            : (images.error?.message ?? "")
        }
        options={choices.map(({ alias, type }) => ({
          value: alias,
          label: type === "container" ? alias : format(_("$0 (virtual machine)"), alias),
        }))}
        change={setImage}
      />
      <div className="ds-fields">
        <TextField
          label={_("CPU cores of each")}
          type="number"
          value={amount.cpu}
          problem={problems.cpu}
          change={(value) => set({ cpu: value })}
        />
        <TextField
          label={_("RAM of each")}
          value={amount.ram}
          problem={problems.ram}
          hint={_("for example 512MiB")}
          change={(value) => set({ ram: value })}
        />
        <TextField
          label={_("Disk of each")}
          value={amount.storage}
          problem={problems.storage}
          hint={_("for example 4GiB")}
          change={(value) => set({ storage: value })}
        />
      </div>
      <CheckField label={_("Start after creation")} value={start} change={setStart} />
      {!invalid && (
        <div className="ds-dialog-command">
          <p className="ds-subtle">{_("The same from the command line:")}</p>
          <Command text={commandOf(instances, "Create", [tenant.name, name, spec])} />
        </div>
      )}
    </Dialog>
  );
}
