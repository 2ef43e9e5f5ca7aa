/** What the table of the tree shows. */
import type { TopologyRow } from "../../../agent/ceph/topology/answers.ts";
import { _, format, number, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { underAddress } from "./view.ts";
import { isWhole, osdColors, osdStateName, typeName, upWords } from "./words.ts";

/** How far each level is indented, in rem. */
const indent = 1.25;

function Place({ row }: { row: TopologyRow }) {
  const { name, type, depth, path, osd, troubles } = row;
  return (
    <div className="ce-place" style={{ paddingInlineStart: `${depth * indent}rem` }}>
      <span className="pf-v6-screen-reader">{format(_("Level $0:"), depth + 1)}</span>
      {osd ? (
        <strong>{name}</strong>
      ) : (
        <a className="ds-name" href={underAddress(path)}>
          {name}
        </a>
      )}
      <span className="ce-type">{typeName(type)}</span>
      {troubles.length > 0 && !osd && <span className="ds-trouble">{_("look here")}</span>}
    </div>
  );
}

function State({ row: { osd, sums } }: { row: TopologyRow }) {
  if (osd) return <Tag color={osdColors[osd.state]}>{osdStateName(osd.state)}</Tag>;
  if (sums.osds === 0) return <span className="ds-subtle">{upWords(sums)}</span>;
  return (
    <Tag color={isWhole(sums) ? "green" : sums.up === 0 ? "red" : "orange"}>{upWords(sums)}</Tag>
  );
}

/** What nobody told is unknown, and never none. */
const orUnknown = (value: number | null, write: (value: number) => string): string =>
  value === null ? _("unknown") : write(value);

const milliseconds = (value: number): string => format(_("$0 ms"), number(value));

export function topologyColumns(): Column<TopologyRow>[] {
  return [
    { key: "name", title: _("Place"), render: (row) => <Place row={row} /> },
    { key: "state", title: _("State"), render: (row) => <State row={row} /> },
    {
      key: "use",
      title: _("Used"),
      render: ({ sums, name }) =>
        sums.usedKiB === null || sums.totalKiB === null ? (
          sums.osds === 0 ? (
            ""
          ) : (
            _("unknown")
          )
        ) : (
          <Meter
            label={format(_("Room in $0"), name)}
            used={sums.usedKiB}
            limit={sums.totalKiB}
            write={size}
          />
        ),
    },
    {
      key: "weight",
      title: _("Weight"),
      end: true,
      render: ({ sums, osd }) => (
        <>
          {number(sums.weight, 4)}
          {osd && osd.reweight < 1 && (
            <div className="ds-subtle">
              {format(_("reweighted to $0"), number(osd.reweight, 2))}
            </div>
          )}
        </>
      ),
    },
    {
      key: "latency",
      title: _("Latency"),
      end: true,
      render: ({ sums: { commitLatencyMs, osds } }) =>
        osds === 0 ? "" : orUnknown(commitLatencyMs, milliseconds),
    },
    {
      key: "pgs",
      title: _("Placement groups"),
      end: true,
      render: ({ sums: { pgs, osds } }) => (osds === 0 ? "" : orUnknown(pgs, number)),
    },
    { key: "class", title: _("Device"), render: ({ osd }) => osd?.deviceClass ?? "" },
  ];
}
