/**
 * How many events when, and what came of them. A click or a drag over the bars narrows the period;
 * with keys: arrows move, Shift and arrows choose several, Enter narrows, Escape lets go.
 */
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import type { Summary } from "../../agent/audit/answers.ts";
import { _, dateTime, format, ngettext, number } from "../lib/i18n.ts";

type Histogram = Summary["histogram"];
type Bucket = Histogram["buckets"][number];

const kinds = ["failure", "refused", "success", "other"] as const;

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const classes = {
  failure: "au-failure",
  refused: "au-refused",
  success: "au-success",
  other: "au-other",
};

function kindName(kind: (typeof kinds)[number]): string {
  const names = {
    failure: _("failed"),
    refused: _("refused"),
    success: _("done"),
    other: _("begun or told"),
  };
  return names[kind];
}

const totalOf = (bucket: Bucket) => kinds.reduce((sum, kind) => sum + bucket[kind], 0);

/** @returns first and last chosen bucket, in their order */
const ordered = (one: number, other: number) =>
  [Math.min(one, other), Math.max(one, other)] as const;

interface Props {
  histogram: Histogram;
  stale: boolean;
  narrow: (from: string, to: string) => void;
}

export function HistogramChart({ histogram, stale, narrow }: Props) {
  const { buckets, to } = histogram;
  const bars = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(buckets.length - 1);
  const [anchor, setAnchor] = useState<number>();
  const dragging = useRef(false);
  const here = Math.min(at, buckets.length - 1);
  const [low, high] = anchor === undefined ? [-1, -1] : ordered(anchor, here);
  const top = Math.max(1, ...buckets.map(totalOf));
  const endOf = (index: number) => buckets[index + 1]?.at ?? to;

  const choose = (one: number, other: number) => {
    const [first, last] = ordered(one, other);
    const from = buckets[first]?.at;
    setAnchor(undefined);
    if (from) narrow(from, endOf(last));
  };
  const focus = (index: number) => {
    const next = Math.max(0, Math.min(index, buckets.length - 1));
    setAt(next);
    bars.current?.querySelectorAll("button")[next]?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const mirrored = document.documentElement.dir === "rtl" ? -1 : 1;
    const move = { ArrowLeft: -mirrored, ArrowRight: mirrored }[event.key];
    const end = { Home: 0, End: buckets.length - 1 }[event.key];
    if (event.key === "Escape") setAnchor(undefined);
    else if (move !== undefined || end !== undefined) {
      event.preventDefault();
      if (!event.shiftKey) setAnchor(undefined);
      else if (anchor === undefined) setAnchor(here);
      focus(end ?? here + (move ?? 0));
    }
  };
  /** Looks the bar up by its place, so that it serves in both directions of reading. */
  const under = (event: PointerEvent) => {
    const bar = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-bucket]");
    return bar instanceof HTMLElement ? Number(bar.dataset.bucket) : undefined;
  };
  const down = (event: PointerEvent) => {
    const index = under(event);
    if (index === undefined || event.button !== 0) return;
    dragging.current = true;
    setAnchor(index);
    setAt(index);
  };
  const drag = (event: PointerEvent) => {
    const index = dragging.current ? under(event) : undefined;
    if (index !== undefined) setAt(index);
  };
  const up = () => {
    // What the button was released on is a click there; a drag over several ends here.
    if (dragging.current && anchor !== undefined && anchor !== here) choose(anchor, here);
    dragging.current = false;
  };

  if (buckets.length === 0) return null;
  const [first, middle] = [buckets[0], buckets[Math.floor(buckets.length / 2)]];
  return (
    <figure className={`au-histogram${stale ? " au-stale" : ""}`}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's part. */}
      <div
        ref={bars}
        className="au-bars"
        role="group"
        aria-label={_(
          "Events over time; Enter narrows the period, Shift and arrows choose several",
        )}
        onKeyDown={press}
        onPointerDown={down}
        onPointerMove={drag}
        onPointerUp={up}
        onPointerLeave={() => {
          if (dragging.current) setAnchor(undefined);
          dragging.current = false;
        }}
      >
        {buckets.map((bucket, index) => (
          <button
            key={bucket.at}
            type="button"
            data-bucket={index}
            className={`au-bar${index >= low && index <= high ? " au-chosen" : ""}`}
            tabIndex={index === here ? 0 : -1}
            title={describe(bucket)}
            aria-label={describe(bucket)}
            onFocus={() => setAt(index)}
            onClick={() => choose(anchor ?? index, index)}
          >
            {kinds.map((kind) =>
              bucket[kind] > 0 ? (
                <span
                  key={kind}
                  className={classes[kind]}
                  style={{ blockSize: `${(bucket[kind] / top) * 100}%` }}
                />
              ) : null,
            )}
          </button>
        ))}
      </div>
      <figcaption className="au-axis ds-subtle" aria-hidden="true">
        <span>{first && dateTime(first.at)}</span>
        <span>{middle && dateTime(middle.at)}</span>
        <span>{dateTime(to)}</span>
      </figcaption>
      <ul className="au-legend ds-subtle">
        {kinds.map((kind) => (
          <li key={kind}>
            <span className={`au-swatch ${classes[kind]}`} /> {kindName(kind)}{" "}
            {number(buckets.reduce((sum, bucket) => sum + bucket[kind], 0))}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function describe(bucket: Bucket): string {
  const told = kinds.filter((kind) => bucket[kind] > 0 && kind !== "other");
  const parts = told.map((kind) => `${number(bucket[kind])} ${kindName(kind)}`);
  return format(
    _("$0: $1"),
    dateTime(bucket.at),
    [ngettext("$0 event", "$0 events", totalOf(bucket)), ...parts].join(", "),
  );
}
