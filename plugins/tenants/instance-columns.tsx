/** What the table of instances can show. */
import type { Instance } from "../../agent/instances/contract.ts";
import { Sparkline } from "../lib/chart.tsx";
import { _, dateTime, format, number, size } from "../lib/i18n.ts";
import type { Column } from "../lib/table.tsx";
import { Tag, type TagColor } from "../lib/tag.tsx";
import { span, type Tracks } from "./live.ts";

const colors: Record<Instance["status"], TagColor> = {
  running: "green",
  stopped: "grey",
  frozen: "blue",
  error: "red",
  unknown: "orange",
};

function statusName(status: Instance["status"]): string {
  const names = {
    running: _("running"),
    stopped: _("stopped"),
    frozen: _("frozen"),
    error: _("error"),
    unknown: _("unknown"),
  };
  return names[status];
}

export function instanceColumns(tracks: Tracks): Column<Instance>[] {
  return [
    {
      key: "name",
      title: _("Name"),
      render: ({ name, image }) => (
        <>
          <strong>{name}</strong>
          <div className="ds-subtle">{image}</div>
        </>
      ),
    },
    {
      key: "status",
      title: _("Status"),
      render: ({ status }) => <Tag color={colors[status]}>{statusName(status)}</Tag>,
    },
    {
      key: "type",
      title: _("Type"),
      render: ({ type }) => (type === "container" ? _("container") : _("virtual machine")),
    },
    {
      key: "cpu",
      title: _("CPU"),
      render: ({ name, status, limit }) => {
        const points = tracks.get(name)?.cpu ?? [];
        const now = points.at(-1)?.value;
        if (status !== "running" || now === undefined) {
          return format(_("$0 promised"), number(limit.cpu));
        }
        return (
          <Sparkline points={points} span={span} top={limit.cpu}>
            {format(_("$0 of $1"), number(now, 2), number(limit.cpu))}
          </Sparkline>
        );
      },
    },
    {
      key: "ram",
      title: _("Memory"),
      render: ({ name, status, limit, live }) => {
        if (status !== "running") return format(_("$0 promised"), size(limit.ramKib));
        return (
          <Sparkline points={tracks.get(name)?.ram ?? []} span={span} top={limit.ramKib}>
            {format(_("$0 of $1"), size(live.ramKib), size(limit.ramKib))}
          </Sparkline>
        );
      },
    },
    {
      key: "storage",
      title: _("Disk"),
      render: ({ live, limit }) =>
        format(_("$0 of $1"), size(live.storageKib), size(limit.storageKib)),
    },
    { key: "addresses", title: _("Addresses"), render: (row) => row.addresses.join(", ") },
    {
      key: "snapshots",
      title: _("Snapshots"),
      render: ({ snapshots, snapshotSchedule }) => (
        <>
          {number(snapshots)}
          {snapshotSchedule && <div className="ds-subtle">{snapshotSchedule}</div>}
        </>
      ),
    },
    { key: "location", title: _("Node"), optional: true, render: (row) => row.location },
    {
      key: "created",
      title: _("Created"),
      optional: true,
      render: ({ createdAt }) => dateTime(createdAt),
    },
  ];
}
