/** An instant within a period: a slider with a mark for each change, and steps from one to the next. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { _, dateTime, ngettext } from "../lib/i18n.ts";
import { adjust } from "../lib/location.ts";
import { type Span, spans } from "./view.ts";
import { spanName } from "./words.ts";

interface Props {
  /** All times in milliseconds since 1970. */
  begin: number;
  end: number;
  at: number;
  move: (at: number) => void;
  span: Span;
  /** Newest first. */
  changes: readonly number[];
}

/** Parts that the period has for the slider; a key moves it by one. */
const parts = 500;

export function Slider({ begin, end, at, move, span, changes }: Props) {
  const earlier = changes.find((change) => change < at);
  const later = changes.findLast((change) => change > at);
  const place = (time: number) => ((time - begin) / (end - begin)) * 100;
  return (
    <div className="ds-panel ds-stack">
      <div className="ds-toolbar">
        <FormSelect
          className="au-period"
          aria-label={_("Period of the slider")}
          value={span}
          onChange={(_event, value) => adjust({ span: [value] })}
        >
          {(Object.keys(spans) as Span[]).map((key) => (
            <FormSelectOption key={key} value={key} label={spanName(key)} />
          ))}
        </FormSelect>
        <Button
          variant="secondary"
          icon={<LeftIcon className="pf-v6-m-mirror-inline-rtl" />}
          isDisabled={earlier === undefined}
          onClick={() => earlier !== undefined && move(earlier)}
        >
          {_("One back")}
        </Button>
        <Button
          variant="secondary"
          icon={<RightIcon className="pf-v6-m-mirror-inline-rtl" />}
          iconPosition="end"
          isDisabled={later === undefined}
          onClick={() => later !== undefined && move(later)}
        >
          {_("One forward")}
        </Button>
        <Button variant="link" isDisabled={at === end} onClick={() => move(end)}>
          {_("Now")}
        </Button>
        <span className="ds-grow" />
        <strong>{dateTime(new Date(at).toISOString())}</strong>
      </div>
      <div className="au-slider">
        <input
          type="range"
          aria-label={_("Instant")}
          aria-valuetext={dateTime(new Date(at).toISOString())}
          min={begin}
          max={end}
          step={Math.max(1, Math.round((end - begin) / parts))}
          value={Math.max(begin, Math.min(at, end))}
          onChange={(event) => move(Math.min(end, Number(event.currentTarget.value)))}
        />
        <div className="au-marks" aria-hidden="true">
          {changes.map((change, index) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: several changes have the same time.
              key={index}
              style={{ insetInlineStart: `${place(change)}%` }}
            />
          ))}
        </div>
        <div className="au-axis ds-subtle" aria-hidden="true">
          <span>{dateTime(new Date(begin).toISOString())}</span>
          <span>{ngettext("$0 act or change", "$0 acts and changes", changes.length)}</span>
          <span>{dateTime(new Date(end).toISOString())}</span>
        </div>
      </div>
    </div>
  );
}
