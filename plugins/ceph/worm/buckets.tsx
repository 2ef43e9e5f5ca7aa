/** Each WORM bucket with what it holds, and its own calendar below it. */
import type { Held } from "../../../agent/ceph/objects/retention/answers.ts";
import { _, dateTime, format, ngettext, number, relativeTime } from "../../lib/i18n.ts";
import { type Column, type Details, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { volumeAddress } from "../volumes/view.ts";
import { CalendarTable } from "./calendar.tsx";
import { amountWords, coverWords, days, stateColors, stateName } from "./words.ts";

const nameOf = ({ tenant, volume }: Held) => `${tenant}/${volume}`;

function columns(): Column<Held>[] {
  return [
    {
      key: "bucket",
      title: _("Bucket"),
      render: ({ tenant, volume }) => (
        <>
          <a className="ds-name" href={volumeAddress(tenant, volume)}>
            {volume}
          </a>
          <div className="ds-subtle">{tenant}</div>
        </>
      ),
    },
    {
      key: "state",
      title: _("Calendar"),
      render: ({ state, at }) => (
        <>
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          <div className="ds-subtle" title={at && dateTime(at)}>
            {at ? relativeTime(at) : _("never")}
          </div>
        </>
      ),
    },
    {
      key: "retention",
      title: _("Held for"),
      end: true,
      render: ({ retention }) => days(retention),
    },
    {
      key: "last",
      title: _("Last hold ends"),
      render: ({ last, complete }) =>
        last === "" ? (
          <span className="ds-subtle">{complete ? _("nothing is held") : _("unknown")}</span>
        ) : (
          <span title={dateTime(last)}>
            {complete ? relativeTime(last) : format(_("$0 at least"), relativeTime(last))}
          </span>
        ),
    },
    { key: "free", title: _("Free to delete"), render: ({ free }) => amountWords(free) },
    {
      key: "weak",
      title: _("Not as promised"),
      wrap: true,
      render: (held) => <Weak held={held} />,
    },
  ];
}

/** What is held otherwise than by a time that nobody can shorten. */
function Weak({ held: { endable, legal, lost } }: { held: Held }) {
  const lines = [
    lost > 0 &&
      ngettext(
        "$0 version is listed and its data is gone",
        "$0 versions are listed and their data is gone",
        lost,
      ),
    endable.objects > 0 && format(_("$0 whose hold the key itself can end"), amountWords(endable)),
    legal.objects > 0 && format(_("$0 held until somebody allows it"), amountWords(legal)),
  ].filter((line) => line !== false);
  if (lines.length === 0) return <span className="ds-subtle">{_("nothing")}</span>;
  return (
    <>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </>
  );
}

interface Props {
  buckets: readonly Held[];
  open: ReadonlySet<string>;
  toggle: (key: string) => void;
}

export function Buckets({ buckets, open, toggle }: Props) {
  const details: Details<Held> = {
    open,
    toggle,
    name: nameOf,
    render: (held) => (
      <div className="ds-stack">
        {held.error && <p className="ds-bad">{held.error}</p>}
        {held.at && <p>{coverWords(held)}</p>}
        <CalendarTable
          label={format(_("What of $0 can be deleted when"), nameOf(held))}
          until={held.until}
        />
      </div>
    ),
  };
  return (
    <section className="ds-stack" data-buckets={number(buckets.length)}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Buckets")}</h2>
      <Table
        label={_("WORM buckets")}
        columns={columns()}
        rows={buckets}
        keyOf={nameOf}
        details={details}
      />
    </section>
  );
}
