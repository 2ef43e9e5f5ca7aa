/** Which node the page speaks to: chosen on every page of a cluster, and told plainly where it is another. */
import { chosenNode } from "./host.ts";
import { _, format } from "./i18n.ts";
import { useLoaded } from "./parts.ts";

const late = { load: () => import("./nodes/late.tsx") };

/** Stands above all else, from the first picture on. */
export function NodeBand() {
  const node = chosenNode();
  const { value } = useLoaded(late);
  if (node === "") return null;
  return (
    <section className="ds-banner ds-banner-node" aria-label={_("Another node")} data-node={node}>
      <strong>{format(_("You act on the node $0."), node)}</strong> {value && <value.Band />}
    </section>
  );
}

export function NodeChoice() {
  const { value } = useLoaded(late);
  return value ? <value.Picker /> : null;
}
