/** The worst things over all nodes, each once, with the nodes it is true of. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { type ReactNode, useState } from "react";
import type { ClusterStatus } from "../../../agent/cluster/answers.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { type Finding, findings } from "./findings.ts";
import { VerdictTag } from "./words.tsx";

const fewest = 6;
const mostNames = 4;

/** Pages that tell more of what a subsystem says. */
const pages: Record<string, string> = {
  audit: "audit",
  log: "audit",
  selinux: "selinux",
  hsm: "hsm",
  ceph: "ceph",
};

export function Worst({ status }: { status: ClusterStatus }) {
  const [all, setAll] = useState(false);
  const found = findings(status.nodes);
  const shown = all ? found : found.slice(0, fewest);
  return (
    <section className="ds-panel ds-stack" aria-label={_("Worst things first")}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Worst things first")}</h2>
      {found.length === 0 ? (
        <p>{_("Nothing is wrong on any node.")}</p>
      ) : (
        <ul className="ov-findings">
          {shown.map((one) => (
            <li key={`${one.about} ${one.nodes[0]} ${one.text}`}>
              <VerdictTag verdict={one.verdict} />
              <span>
                <strong>{namesOf(one, status)}</strong>{" "}
                <More about={one.about} node={otherNode(one, status)}>
                  {one.about}
                </More>
                : {one.text}
              </span>
            </li>
          ))}
        </ul>
      )}
      {found.length > fewest && (
        <Button variant="link" isInline onClick={() => setAll(!all)}>
          {all
            ? _("Show the worst only")
            : format(
                ngettext("Show $0 more", "Show $0 more", found.length - fewest),
                number(found.length - fewest),
              )}
        </Button>
      )}
    </section>
  );
}

/** The one that it is true of, where the page does not speak to it already. */
function otherNode({ nodes: [first, ...others] }: Finding, { node }: ClusterStatus) {
  return others.length > 0 || first === node ? undefined : first;
}

interface MoreProps {
  about: string;
  node: string | undefined;
  children: ReactNode;
}

function More({ about, node, children }: MoreProps) {
  const page = Object.hasOwn(pages, about) ? pages[about] : undefined;
  if (page === undefined) return children;
  return (
    <PageLink page={page} node={node}>
      {children}
    </PageLink>
  );
}

function namesOf({ nodes }: Finding, status: ClusterStatus): string {
  if (nodes.length === status.nodes.length) {
    return format(_("All $0 nodes"), number(nodes.length));
  }
  const named = nodes.slice(0, mostNames).join(", ");
  const more = nodes.length - mostNames;
  return more > 0 ? format(_("$0 and $1 more"), named, number(more)) : named;
}
