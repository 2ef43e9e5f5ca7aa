/** A line over the last minutes, drawn as SVG: no library needed for that. */
import { Fragment, useId } from "react";

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
}

const width = 240;
const height = 56;

/**
 * @param end of the time that is shown
 * @returns the line and the area under it as SVG path data, for values 0 to `top`
 */
export function pathsOf(
  points: readonly Point[],
  span: number,
  top: number,
  end = points.at(-1)?.at ?? 0,
) {
  const at = points.map(({ at: time, value }) => {
    const x = width - ((end - time) / span) * width;
    const y = height - 1 - (Math.min(value, top) / (top || 1)) * (height - 4);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const line = at.length > 1 ? `M${at.join("L")}` : "";
  const [start, last] = [at[0], at.at(-1)].map((point) => point?.split(" ")[0] ?? "0");
  return { line, area: line && `${line}L${last} ${height}L${start} ${height}Z` };
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
  return (
    <figure className="ds-chart" aria-labelledby={id}>
      <figcaption id={id}>
        <span>{title}</span> <strong>{now}</strong>
      </figcaption>
      <Lines runs={[points]} span={span} top={top} />
    </figure>
  );
}

interface LinesProps extends Pick<Props, "span" | "top"> {
  /** Each a line of its own: between them nothing is known. */
  runs: readonly (readonly Point[])[];
  /** Of the time that is shown; the end of each line unless told. */
  end?: number;
}

export function Lines({ runs, span, top, end }: LinesProps) {
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {runs.map((points) => {
        const { line, area } = pathsOf(points, span, top, end);
        return (
          <Fragment key={points[0]?.at ?? 0}>
            <path className="ds-chart-area" d={area} />
            <path className="ds-chart-line" d={line} vectorEffect="non-scaling-stroke" />
          </Fragment>
        );
      })}
    </svg>
  );
}

/** The same line in the height of a table's row, with what it is now in words. */
export function Sparkline({
  points,
  span,
  top,
  children,
}: Omit<Props, "title" | "now"> & { children: string }) {
  return (
    <div className="ds-sparkline">
      <span>{children}</span>
      <Lines runs={[points]} span={span} top={top} />
    </div>
  );
}
