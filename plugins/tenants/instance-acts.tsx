/** What can be done to instances: one, or all that are chosen, with one job. */
import { type Instance, instances } from "../../agent/instances/contract.ts";
import type { Access } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { toPageError } from "../lib/errors.ts";
import { withNode } from "../lib/host.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import type { MenuEntry } from "../lib/menu.tsx";
import { toast } from "../lib/toasts.tsx";
import { ConsoleDialog } from "./console.tsx";
import { ResizeDialog } from "./resize.tsx";
import { ScheduleDialog, SnapshotDialog } from "./snapshot.tsx";
import { SnapshotsDialog } from "./snapshots.tsx";

async function run(begin: () => Promise<string>): Promise<void> {
  try {
    await watchJob(await begin());
  } catch (cause) {
    toast("danger", _("That could not be begun"), toPageError(cause).message);
  }
}

export function instanceMenu(
  tenant: string,
  chosen: readonly Instance[],
  access: Access,
): MenuEntry[] {
  const api = client(instances);
  const names = chosen.map(({ name }) => name);
  const [only] = chosen.length === 1 ? chosen : [];
  const mayRun = access.why(instances, "run");
  const in_ = (...statuses: Instance["status"][]) =>
    chosen.filter(({ status }) => statuses.includes(status)).map(({ name }) => name);
  const startable = in_("stopped", "error");
  const stoppable = in_("running", "frozen", "error");
  const none = (list: string[], why: string | undefined, reason: string) =>
    why ?? (list.length === 0 ? reason : undefined);
  return [
    {
      key: "start",
      label: _("Start"),
      why: none(startable, mayRun, _("It runs already.")),
      run: () => run(() => api.Start(tenant, startable)),
    },
    {
      key: "stop",
      label: _("Stop"),
      why: none(stoppable, mayRun, _("It does not run.")),
      run: () => run(() => api.Stop(tenant, stoppable, false)),
    },
    {
      key: "kill",
      label: _("Pull the plug"),
      why: none(stoppable, mayRun, _("It does not run.")),
      run: () => run(() => api.Stop(tenant, stoppable, true)),
    },
    {
      key: "restart",
      label: _("Restart"),
      why: none(in_("running"), mayRun, _("It does not run.")),
      run: () => run(() => api.Restart(tenant, in_("running"))),
    },
    {
      key: "resize",
      label: _("Resize"),
      why: access.why(instances, "create"),
      run: () => showDialog(<ResizeDialog tenant={tenant} names={names} present={only} />),
    },
    {
      key: "snapshot",
      label: _("Take a snapshot"),
      why: mayRun,
      run: () => showDialog(<SnapshotDialog tenant={tenant} names={names} />),
    },
    {
      key: "schedule",
      label: _("Schedule snapshots"),
      why: mayRun,
      run: () => showDialog(<ScheduleDialog tenant={tenant} names={names} present={only} />),
    },
    ...(only ? single(tenant, only, access) : []),
    {
      key: "delete",
      label: _("Delete"),
      danger: true,
      why: access.why(instances, "delete"),
      run: () => showDialog(<DeleteDialog tenant={tenant} names={names} />),
    },
  ];
}

function single(tenant: string, { name, status }: Instance, access: Access): MenuEntry[] {
  const stands = status === "running" ? undefined : _("It does not run.");
  return [
    {
      key: "open-console",
      label: _("Open console"),
      why: access.why(instances, "console") ?? stands,
      run: () => window.open(withNode(`console.html#/${tenant}/${name}`)),
    },
    {
      key: "snapshots",
      label: _("Show snapshots"),
      why: access.why(instances, "read"),
      run: () => showDialog(<SnapshotsDialog tenant={tenant} name={name} />),
    },
    {
      key: "console",
      label: _("Show console log"),
      why: access.why(instances, "inspect"),
      run: () => showDialog(<ConsoleDialog tenant={tenant} name={name} />),
    },
  ];
}

function DeleteDialog({ tenant, names }: { tenant: string; names: readonly string[] }) {
  const [one] = names;
  return (
    <Dialog
      title={
        names.length === 1
          ? format(_("Delete $0?"), one ?? "")
          : ngettext("Delete $0 instance?", "Delete $0 instances?", names.length)
      }
      action={_("Delete for good")}
      danger
      size="small"
      run={async () => {
        await watchJob(await client(instances).Delete(tenant, [...names]));
      }}
    >
      <p>{_("Disks and snapshots go with it. This cannot be undone.")}</p>
      {names.length > 1 && <p className="ds-names">{names.join(", ")}</p>}
    </Dialog>
  );
}
