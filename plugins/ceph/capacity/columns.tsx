/** What the table of pools shows. */
import type { Pool } from "../../../agent/ceph/capacity/answers.ts";
import { _, format, number, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import type { Column } from "../../lib/table.tsx";
import { redundancyWords } from "./words.ts";

export function poolColumns(): Column<Pool>[] {
  return [
    {
      key: "name",
      title: _("Pool"),
      sort: "name",
      render: ({ name, applications }) => (
        <>
          <strong className="ce-code">{name}</strong>
          <div className="ds-subtle">{applications.join(", ") || _("no application")}</div>
        </>
      ),
    },
    {
      key: "stored",
      title: _("Stored"),
      sort: "storedKiB",
      render: (pool) => <Stored pool={pool} />,
    },
    {
      key: "used",
      title: _("On devices"),
      sort: "usedKiB",
      end: true,
      render: ({ usedKiB }) => size(usedKiB),
    },
    {
      key: "available",
      title: _("Room left"),
      sort: "availableKiB",
      end: true,
      render: ({ availableKiB }) => size(availableKiB),
    },
    {
      key: "redundancy",
      title: _("Redundancy"),
      render: (pool) => (
        <>
          {redundancyWords(pool)}
          {pool.factor !== null && (
            <div className="ds-subtle">
              {format(_("$0 bytes on devices for each byte"), number(pool.factor, 2))}
            </div>
          )}
        </>
      ),
    },
    {
      key: "rule",
      title: _("Rule"),
      render: ({ rule }) => <span className="ce-code">{rule || _("unknown")}</span>,
    },
    {
      key: "objects",
      title: _("Objects"),
      end: true,
      render: ({ objects }) => number(objects),
    },
    {
      key: "pgs",
      title: _("Placement groups"),
      end: true,
      render: ({ pgs }) => number(pgs),
    },
  ];
}

/** Against its quota where it has one, else against what Ceph says can be stored. */
function Stored({ pool }: { pool: Pool }) {
  const { name, storedKiB, quotaKiB, availableKiB } = pool;
  return (
    <>
      <Meter
        label={format(_("Room in pool $0"), name)}
        used={storedKiB}
        limit={quotaKiB || storedKiB + availableKiB}
        write={size}
      />
      {quotaKiB > 0 && <span className="ds-subtle">{_("of its quota")}</span>}
    </>
  );
}
