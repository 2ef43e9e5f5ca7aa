/** A line over the last minutes, drawn as SVG: no library needed for that. */
import { useId } from "react";

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
}

const width = 240;
const height = 56;

/** @returns the line and the area under it as SVG path data, for values 0 to `top`. */
export function pathsOf(points: readonly Point[], span: number, top: number) {
  const end = points.at(-1)?.at ?? 0;
  const at = points.map(({ at: time, value }) => {
    const x = width - ((end - time) / span) * width;
    const y = height - 1 - (Math.min(value, top) / (top || 1)) * (height - 4);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const line = at.length > 1 ? `M${at.join("L")}` : "";
  const start = at[0]?.split(" ")[0] ?? "0";
  return { line, area: line && `${line}L${width} ${height}L${start} ${height}Z` };
}

interface Props {
  title: string;
  /** What it is right now, in words. */
  now: string;
  points: readonly Point[];
  /** Milliseconds from the left edge to the right. */
  span: number;
  /** Value at the upper edge. */
  top: number;
}

export function Chart({ title, now, points, span, top }: Props) {
  const id = useId();
  const { line, area } = pathsOf(points, span, top);
  return (
    <figure className="ds-chart" aria-labelledby={id}>
      <figcaption id={id}>
        <span>{title}</span> <strong>{now}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <path className="ds-chart-area" d={area} />
        <path className="ds-chart-line" d={line} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

/** The same line in the height of a table's row, with what it is now in words. */
export function Sparkline(props: Omit<Props, "title" | "now"> & { children: string }) {
  const { line, area } = pathsOf(props.points, props.span, props.top);
  return (
    <div className="ds-sparkline">
      <span>{props.children}</span>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <path className="ds-chart-area" d={area} />
        <path className="ds-chart-line" d={line} vectorEffect="non-scaling-stroke" />
      </svg>
    </div>
  );
}
