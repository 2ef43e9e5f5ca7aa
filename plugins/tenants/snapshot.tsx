/** Dialogs that take a snapshot, and that set when snapshots are taken. */
import { useState } from "react";
import {
  type Instance,
  instances,
  scheduleSchema,
  snapshotNameSchema,
} from "../../agent/instances/contract.ts";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { Dialog } from "../lib/dialog.tsx";
import { ChoiceField, TextField } from "../lib/fields.tsx";
import { _, format, number } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";

interface Props {
  tenant: string;
  names: readonly string[];
}

/** For example `2026-01-31-1200`: sorts by time and is a valid name. */
export function nameByTime(now: Date): string {
  return now.toISOString().slice(0, 16).replace("T", "-").replace(":", "");
}

export function SnapshotDialog({ tenant, names }: Props) {
  const [snapshot, setSnapshot] = useState(() => nameByTime(new Date()));
  const problem = problemOf(snapshotNameSchema, snapshot);
  const [one] = names;
  return (
    <Dialog
      title={
        names.length === 1
          ? format(_("Take a snapshot of $0"), one ?? "")
          : format(_("Take a snapshot of each of $0 instances"), number(names.length))
      }
      action={_("Take")}
      size="small"
      invalid={Boolean(problem)}
      run={async () => {
        await watchJob(await client(instances).Snapshot(tenant, [...names], snapshot));
      }}
    >
      <TextField
        label={_("Name of the snapshot")}
        required
        autoFocus
        value={snapshot}
        problem={problem}
        change={setSnapshot}
      />
    </Dialog>
  );
}

export function ScheduleDialog({
  tenant,
  names,
  present,
}: Props & { present: Instance | undefined }) {
  const [schedule, setSchedule] = useState(present?.snapshotSchedule ?? "@daily");
  const [expiry, setExpiry] = useState("7d");
  const problems = {
    schedule: problemOf(scheduleSchema.entries.schedule, schedule),
    expiry: problemOf(scheduleSchema.entries.expiry, expiry),
  };
  const words = [
    { value: "", label: _("never") },
    { value: "@hourly", label: _("every hour") },
    { value: "@daily", label: _("every day") },
    { value: "@weekly", label: _("every week") },
    { value: "@monthly", label: _("every month") },
  ];
  const known = words.some(({ value }) => value === schedule);
  return (
    <Dialog
      title={_("Schedule snapshots")}
      action={_("Set")}
      size="small"
      invalid={Boolean(problems.schedule || problems.expiry)}
      run={async () => {
        const wanted = { schedule, expiry };
        await watchJob(await client(instances).ScheduleSnapshots(tenant, [...names], wanted));
      }}
    >
      <ChoiceField
        label={_("When")}
        value={schedule}
        options={known ? words : [...words, { value: schedule, label: schedule }]}
        problem={problems.schedule}
        change={setSchedule}
      />
      <TextField
        label={_("Kept for")}
        value={expiry}
        problem={problems.expiry}
        hint={_("for example 12H, 7d, 4w or 1y; empty for ever")}
        change={setExpiry}
      />
    </Dialog>
  );
}
