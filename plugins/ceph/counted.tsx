/** How many there are of each state, those of which there is none left out. */
import { number } from "../lib/i18n.ts";
import { Tag, type TagColor } from "../lib/tag.tsx";

interface Count {
  state: string;
  count: number;
  color: TagColor;
  name: string;
}

interface Props {
  title: string;
  counts: readonly Count[];
  why: string;
}

export function Counted({ title, counts, why }: Props) {
  return (
    <section className="ds-panel ds-stack" aria-label={title}>
      <h2 className="pf-v6-c-title pf-m-md">{title}</h2>
      <ul className="ce-counts">
        {counts
          .filter(({ count }) => count > 0)
          .map(({ state, count, color, name }) => (
            <li key={state} data-count={state}>
              <strong>{number(count)}</strong> <Tag color={color}>{name}</Tag>
            </li>
          ))}
      </ul>
      <p className="ds-subtle">{why}</p>
    </section>
  );
}
