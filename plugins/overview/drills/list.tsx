/** Drills on record, newest first; each opens to what every node measured. */
import type { Drills } from "../../../agent/cluster/drill/answers.ts";
import { CursorPages } from "../../lib/cursor-pages.tsx";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import { Search } from "../../lib/search.tsx";
import { NoMatch } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { DrillDetails, gapWords } from "./details.tsx";
import {
  changeCursor,
  changePerPage,
  changeText,
  type DrillsView,
  sizes,
  toggle,
  worstOfOthers,
} from "./view.ts";
import { kindName, resultOf } from "./words.ts";

export type Filed = Drills["drills"][number];

interface Props {
  data: Drills;
  view: DrillsView;
  stale: boolean;
}

export function DrillList({ data, view, stale }: Props) {
  const { drills, total, next, filed } = data;
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <Search
          label={_("Search in the drills")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <span className="ds-subtle" role="status">
          {format(_("$0 of $1"), number(total), ngettext("$0 drill", "$0 drills", filed))}
        </span>
      </div>
      {drills.length === 0 ? (
        <NoMatch title={_("No drill fits this")} clear={() => changeText("")} />
      ) : (
        <Table
          label={_("Drills on record")}
          columns={columns()}
          rows={drills}
          keyOf={({ sequence }) => String(sequence)}
          stale={stale}
          details={{
            open: view.open,
            toggle: (key) => toggle(view, key),
            name: ({ at, kind }) => format(_("$0 on $1"), kindName(kind), dateTime(at)),
            render: (drill) => <DrillDetails drill={drill} />,
          }}
        />
      )}
      {filed > drills.length && (
        <CursorPages
          label={_("Pages of the drills")}
          text={format(_("$0 of $1"), number(drills.length), number(total))}
          newer={_("Newer drills")}
          older={_("Older drills")}
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

function columns(): Column<Filed>[] {
  return [
    { key: "at", title: _("When"), render: ({ at }) => dateTime(at) },
    { key: "kind", title: _("What went away"), render: ({ kind }) => kindName(kind) },
    {
      key: "result",
      title: _("Result"),
      render: (drill) => {
        const { color, text } = resultOf(drill);
        return <Tag color={color}>{text}</Tag>;
      },
    },
    {
      key: "writes",
      title: _("Writes gone"),
      end: true,
      render: (drill) => gapWords(worstOfOthers(drill, "writes")),
    },
    {
      key: "pages",
      title: _("Pages gone"),
      end: true,
      render: (drill) => gapWords(worstOfOthers(drill, "pages")),
    },
    { key: "by", title: _("Ordered by"), render: ({ by }) => by || "–" },
    { key: "reason", title: _("Why"), wrap: true, render: ({ reason }) => reason },
  ];
}
