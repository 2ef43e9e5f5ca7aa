/** How full the cluster is, in how many days it is full, and after which loss it would be. */
import type { Capacity, Loss } from "../../../agent/ceph/capacity/answers.ts";
import { _, format, percent, size } from "../../lib/i18n.ts";
import { Meter } from "../../lib/meter.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag, type TagColor } from "../../lib/tag.tsx";
import { typeName } from "../topology/words.ts";
import { days, growthWords, levelOf, untilWords } from "./words.ts";

export function Room({ capacity }: { capacity: Capacity }) {
  const { totalKiB, usedKiB, availableKiB, ratios, fullest, classes } = capacity;
  const { color, words } = levelOf(totalKiB > 0 ? usedKiB / totalKiB : 0, ratios);
  return (
    <section className="ds-panel ds-stack" data-room={color}>
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={color}>{words}</Tag> {_("Room in the whole cluster")}
      </h2>
      <Meter label={_("Room in the whole cluster")} used={usedKiB} limit={totalKiB} write={size} />
      <p>
        {format(
          _(
            "$0 are free on devices, of which each copy takes its part. Ceph warns at $1 and stops writing at $2.",
          ),
          size(availableKiB),
          percent(ratios.nearlyFull),
          percent(ratios.full),
        )}
      </p>
      {fullest && (
        <p>
          {format(
            _(
              "The fullest is osd.$0 with $1; writes stop where it is full, however empty others are.",
            ),
            fullest.osd,
            percent(fullest.share),
          )}
        </p>
      )}
      {classes.length > 1 &&
        classes.map((one) => (
          <Meter
            key={one.name}
            label={format(_("Room on devices of class $0"), one.name)}
            used={one.usedKiB}
            limit={one.totalKiB}
            write={(kib) => format(_("$0 of class $1"), size(kib), one.name)}
          />
        ))}
    </section>
  );
}

export function Forecast({ capacity: { growth, growthNote } }: { capacity: Capacity }) {
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Days until it is full")}</h2>
      {growth.map((one) => (
        <div key={one.basis} data-growth={one.basis}>
          <p>
            <strong>{untilWords(one)}</strong>
          </p>
          <p className="ds-subtle">{growthWords(one)}</p>
        </div>
      ))}
      {growth.length === 0 && (
        <p>{_("Unknown: the cluster is too young and was watched too short.")}</p>
      )}
      {growthNote && <p className="ds-subtle">{growthNote}</p>}
    </section>
  );
}

const outcomes: Record<Loss["outcome"], TagColor> = {
  fits: "green",
  nearlyFull: "orange",
  full: "red",
  lost: "red",
};

function lossColumns(): Column<Loss>[] {
  const names = {
    fits: _("fits"),
    nearlyFull: _("fits, nearly full"),
    full: _("does not fit"),
    lost: _("data is lost"),
  };
  return [
    {
      key: "name",
      title: _("Lost"),
      render: ({ name, type }) => (
        <span className="ce-place">
          <strong>{name}</strong> <span className="ce-type">{typeName(type)}</span>
        </span>
      ),
    },
    {
      key: "outcome",
      title: _("What it held, made anew on the others"),
      wrap: true,
      render: ({ outcome, lostPools }) => (
        <>
          <Tag color={outcomes[outcome]}>{names[outcome]}</Tag>
          {lostPools.length > 0 && (
            <div className="ds-subtle">
              {format(_("Pools that lie in it alone: $0"), lostPools.join(", "))}
            </div>
          )}
        </>
      ),
    },
    {
      key: "share",
      title: _("Used afterwards"),
      render: ({ usedKiB, totalKiB, name }) => (
        <Meter
          label={format(_("Room after the loss of $0"), name)}
          used={usedKiB}
          limit={totalKiB}
          write={size}
        />
      ),
    },
    {
      key: "days",
      title: _("Full in"),
      render: ({ daysUntilFull }) =>
        daysUntilFull === null ? _("unknown, or never") : days(daysUntilFull),
    },
    {
      key: "domain",
      title: _("Copies kept apart by it"),
      render: ({ isFailureDomain }) => (isFailureDomain ? _("by some rule") : _("by no rule")),
    },
  ];
}

export function Losses({ losses }: { losses: readonly Loss[] }) {
  if (losses.length === 0) {
    return (
      <p>
        {_("There are no two regions, sites or hosts with OSDs, so nothing is left after a loss.")}
      </p>
    );
  }
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("After the loss of the largest")}</h2>
      <p>
        {_(
          "What would be used if the largest of its kind were lost and all that it held were made anew, spread evenly. A pool whose rule needs the lost one makes nothing anew; it stays with a copy less.",
        )}
      </p>
      <Table
        label={_("After the loss of the largest")}
        columns={lossColumns()}
        rows={losses}
        keyOf={({ type }) => type}
      />
    </section>
  );
}
