/** Acts and what each changed, newest first; each is also an instant to go to. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { Change } from "../../agent/audit/replay/answers.ts";
import { outcomeColors, outcomeName } from "../lib/entries.tsx";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import { Nothing } from "../lib/states.tsx";
import { Tag } from "../lib/tag.tsx";
import { sentence } from "./facts.tsx";

interface Props {
  rows: readonly Change[];
  /** Sequence of the newest that lies not behind the instant. */
  current: number | undefined;
  choose: (change: Change) => void;
}

export function Changes({ rows, current, choose }: Props) {
  if (rows.length === 0) {
    return <Nothing title={_("No change in this period")}>{_("Choose a longer period.")}</Nothing>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it.
    <ol className="au-changes" tabIndex={0}>
      {rows.map((change) => (
        <Row
          key={change.entry.sequence}
          change={change}
          current={change.entry.sequence === current}
          choose={choose}
        />
      ))}
    </ol>
  );
}

function Row(props: { change: Change; current: boolean; choose: Props["choose"] }) {
  const { change, current, choose } = props;
  const { entry, changed, cause } = change;
  return (
    <li
      className={current ? "ds-chosen" : ""}
      aria-current={current ? "step" : undefined}
      data-change={entry.sequence}
    >
      <div className="ds-job-head">
        <Button variant="link" isInline onClick={() => choose(change)}>
          {dateTime(entry.time)}
        </Button>
        <Tag color={outcomeColors[entry.outcome]}>{outcomeName(entry.outcome)}</Tag>
        <a href={`#/event/${entry.sequence}`}>{format(_("event $0"), number(entry.sequence))}</a>
      </div>
      <p>{sentence(entry)}</p>
      {changed.length > 0 && (
        <ul className="au-diff">
          {changed.map(({ path, before, after }) => (
            <li key={path}>
              <code>{path}</code>: <del>{written(before)}</del> → <ins>{written(after)}</ins>
            </li>
          ))}
        </ul>
      )}
      {changed.length > 0 && (
        <p className="ds-subtle">
          {cause === null ? (
            _("No act here led to it: somebody did it elsewhere.")
          ) : (
            <a href={`#/event/${cause}`}>
              {format(_("It followed the act of event $0."), number(cause))}
            </a>
          )}
        </p>
      )}
    </li>
  );
}

function written(value: unknown): string {
  if (value === null) return _("not there");
  return typeof value === "string" ? value : JSON.stringify(value);
}
