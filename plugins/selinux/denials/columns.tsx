/** What the table of denials shows of each. */
import { _, dateTime, format, number, relativeTime } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { causeOf, causeWords, type Denial, sides } from "./words.ts";

export function Cause({ denial }: { denial: Denial }) {
  const { name, color, icon } = causeWords(causeOf(denial));
  return (
    <Tag color={color} icon={icon}>
      {name}
    </Tag>
  );
}

export function denialColumns(now: number): Column<Denial>[] {
  return [
    {
      key: "last",
      title: _("Last"),
      render: ({ last }) => (
        <time dateTime={last} title={dateTime(last)}>
          {relativeTime(last, now)}
        </time>
      ),
    },
    { key: "cause", title: _("Cause"), render: (denial) => <Cause denial={denial} /> },
    {
      key: "who",
      title: _("Who reached for what"),
      render: (denial) => (
        <>
          <span>{sides(denial)}</span>
          <div className="ds-subtle">
            <code className="se-code">
              {denial.sourceType} → {denial.targetType}
            </code>
          </div>
        </>
      ),
    },
    {
      key: "access",
      title: _("Access"),
      wrap: true,
      render: ({ class: of, permissions }) => (
        <code className="se-code">
          {of} {"{ "}
          {permissions.join(" ")}
          {" }"}
        </code>
      ),
    },
    {
      key: "count",
      title: _("Times"),
      end: true,
      render: ({ count, passed }) => (
        <>
          {number(count)}
          {passed > 0 && (
            <div className="ds-trouble">{format(_("$0 let pass"), number(passed))}</div>
          )}
        </>
      ),
    },
  ];
}
