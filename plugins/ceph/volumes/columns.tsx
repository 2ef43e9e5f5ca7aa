/** What the table of volumes can show. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { _, dateTime, format, relativeTime, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { volumeAddress } from "./view.ts";
import { bytes, className, kindName, stateColors, stateName } from "./words.ts";

export function VolumeState({ row }: { row: VolumeRow }) {
  const { state, deleteAt, trouble } = row;
  return (
    <>
      <Tag color={stateColors[state]}>{stateName(state)}</Tag>
      {deleteAt && state === "deleting" && (
        <div className="ds-trouble" title={dateTime(deleteAt)}>
          <WarningIcon /> {format(_("removed $0"), relativeTime(deleteAt))}
        </div>
      )}
      {trouble && (
        <div className="ds-trouble" title={trouble}>
          <WarningIcon /> {_("not as declared")}
        </div>
      )}
    </>
  );
}

/** How much of it is used, where Ceph counted that. */
export function Use({ row: { name, used, bytes: fits } }: { row: VolumeRow }) {
  if (used < 0) {
    return <span className="ds-subtle">{format(_("unknown of $0"), bytes(fits))}</span>;
  }
  return (
    <Meter
      label={format(_("Room in volume $0"), name)}
      used={used / 1024}
      limit={fits / 1024}
      write={size}
    />
  );
}

export function volumeColumns(): Column<VolumeRow>[] {
  return [
    {
      key: "name",
      title: _("Volume"),
      sort: "name",
      render: ({ tenant, name }) => (
        <a className="ds-name" href={volumeAddress(tenant, name)}>
          {name}
        </a>
      ),
    },
    { key: "tenant", title: _("Tenant"), sort: "tenant", render: ({ tenant }) => tenant },
    {
      key: "kind",
      title: _("Kind"),
      optional: true,
      render: ({ kind }) => kindName(kind),
    },
    { key: "state", title: _("State"), render: (row) => <VolumeState row={row} /> },
    { key: "used", title: _("Used"), sort: "used", render: (row) => <Use row={row} /> },
    {
      key: "bytes",
      title: _("Size"),
      sort: "bytes",
      end: true,
      // Beside what is used, too.
      optional: true,
      render: (row) => bytes(row.bytes),
    },
    {
      key: "jurisdiction",
      title: _("Jurisdiction"),
      render: ({ jurisdiction, class: storageClass, caveat }) => (
        <>
          {jurisdiction}
          <div className="ds-subtle" title={className(storageClass)}>
            {storageClass}
          </div>
          {caveat && (
            <div className="ds-trouble" title={caveat}>
              <WarningIcon /> {_("not for all of it")}
            </div>
          )}
        </>
      ),
    },
    {
      key: "class",
      title: _("Class"),
      wrap: true,
      // Beside its jurisdiction, too.
      optional: true,
      render: (row) => (
        <>
          {row.class}
          <div className="ds-subtle">{className(row.class)}</div>
        </>
      ),
    },
    {
      key: "pool",
      title: _("Pool"),
      optional: true,
      render: ({ pool }) => <span className="ce-code">{pool || _("none yet")}</span>,
    },
    {
      key: "counted",
      title: _("Counted"),
      optional: true,
      render: ({ countedAt }) =>
        countedAt ? <span title={dateTime(countedAt)}>{relativeTime(countedAt)}</span> : _("never"),
    },
    {
      key: "created",
      title: _("Declared"),
      sort: "createdAt",
      optional: true,
      render: ({ createdAt, createdBy }) => (
        <>
          {dateTime(createdAt)}
          <div className="ds-subtle">{format(_("by $0"), createdBy)}</div>
        </>
      ),
    },
  ];
}
