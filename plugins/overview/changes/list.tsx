/** Changes, newest first, with what it was and what it is. */
import type { Change, HistoryAnswer } from "../../../agent/cluster/history/answers.ts";
import { CursorPages } from "../../lib/cursor-pages.tsx";
import { useNow } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext, number, relativeTime } from "../../lib/i18n.ts";
import { NoMatch } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { type ChangesView, changeCursor, changeNode, changePerPage, sizes } from "./view.ts";
import { changeName, shownValue } from "./words.tsx";

interface Props {
  data: HistoryAnswer;
  view: ChangesView;
  stale: boolean;
}

export function ChangeList({ data, view, stale }: Props) {
  const { changes, total, next, forgotten, since, node, nodes } = data;
  const now = useNow();
  if (total === 0 && view.node === "") {
    return (
      <p role="status" data-changes={0}>
        {format(
          _("Nothing changed since $0, when the agent of $1 began to look."),
          dateTime(since),
          node,
        )}
      </p>
    );
  }
  return (
    <div className="ds-stack" data-changes={total}>
      <p className="ds-subtle" role="status">
        {format(
          _("$0 since $1, when the agent of $2 began to look."),
          ngettext("$0 change", "$0 changes", total),
          dateTime(since),
          node,
        )}{" "}
        {forgotten > 0 &&
          ngettext("$0 older one was forgotten.", "$0 older ones were forgotten.", forgotten)}
      </p>
      {changes.length === 0 ? (
        <NoMatch title={_("No change fits this")} clear={() => changeNode("")} />
      ) : (
        <Table
          label={_("What changed, newest first")}
          columns={columns(now, nodes.length > 1)}
          rows={changes}
          keyOf={({ sequence }) => String(sequence)}
          stale={stale}
        />
      )}
      {total > Math.min(...sizes) && (
        <CursorPages
          label={_("Pages of what changed")}
          text={format(_("$0 of $1"), number(changes.length), number(total))}
          newer={_("Newer changes")}
          older={_("Older changes")}
          cursor={view.cursor}
          next={next}
          perPage={view.perPage}
          sizes={sizes}
          change={changeCursor}
          changePerPage={changePerPage}
        />
      )}
    </div>
  );
}

/** @param many whether there is more than one node to tell of */
function columns(now: number, many: boolean): Column<Change>[] {
  return [
    {
      key: "at",
      title: _("When"),
      render: ({ at }) => (
        <>
          {relativeTime(at, now)}
          <div className="ds-subtle">{dateTime(at)}</div>
        </>
      ),
    },
    ...(many
      ? [
          {
            key: "node",
            title: _("Node"),
            render: ({ node }: Change) => <strong className="ov-name">{node}</strong>,
          },
        ]
      : []),
    {
      key: "what",
      title: _("What"),
      wrap: true,
      render: (change) => (
        <div className="ov-name">
          {changeName(change)}
          {change.times > 1 && (
            <div className="ds-subtle">
              {format(_("$0 times since $1"), number(change.times), dateTime(change.since))}
            </div>
          )}
        </div>
      ),
    },
    {
      key: "values",
      title: _("Before and after"),
      wrap: true,
      render: (change) => (
        <div className="ov-change">
          <span>{shownValue(change, change.before)}</span>
          <span className="pf-v6-m-mirror-inline-rtl" aria-hidden="true">
            →
          </span>
          <span className="pf-v6-screen-reader">{_("then")}</span>
          <span>{shownValue(change, change.after)}</span>
        </div>
      ),
    },
  ];
}
