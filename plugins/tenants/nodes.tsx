/** At which other nodes of the cluster something of a tenant is not true yet, and of which that is not known. */
import type { ClusterNode, ClusterStatus } from "../../agent/cluster/answers.ts";
import { cluster } from "../../agent/cluster/contract.ts";
import { client, listen } from "../lib/client.ts";
import { useQuery } from "../lib/hooks.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { PageLink } from "../lib/page-link.tsx";
import { Stale } from "../lib/states.tsx";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(cluster, "Changed", changed);

/** What a node says of a tenant; undefined where everything is true. */
export function saidOf(node: ClusterNode, tenant: string): string | undefined {
  if (node.state !== "own" && node.state !== "fresh") {
    return _("It is not heard of, so nobody knows.");
  }
  const behind = node.facts?.behind;
  if (!behind) return _("Its agent does not tell; bring it to the version of the others.");
  const own = behind.tenants.find(({ name }) => name === tenant);
  if (own) return ngettext("$0 thing is not true yet.", "$0 things are not true yet.", own.things);
  if (behind.total === behind.tenants.length) return undefined;
  return format(
    _("It tells only of some of its $0 tenants of which something is not true yet."),
    behind.total,
  );
}

/** Nothing where a node is all of its cluster. */
export function NodesPanel({ tenant }: { tenant: string }) {
  const { data, error } = useQuery("cluster", () => client(cluster).Status(), {
    ...{ every: everyMs, changes },
  });
  if (!data) return error ? <Stale error={error} /> : null;
  const others = data.nodes.filter(({ name }) => name !== data.node);
  if (others.length === 0) return null;
  return (
    <section className="ds-panel ds-stack" data-behind={behindOf(data, tenant).length}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Other nodes")}</h2>
      <Stale error={error} />
      <Told behind={behindOf(data, tenant)} tenant={tenant} all={others.length} />
    </section>
  );
}

type Behind = { node: string; text: string }[];

function behindOf({ node: own, nodes }: ClusterStatus, tenant: string): Behind {
  return nodes.flatMap((node) => {
    const text = node.name === own ? undefined : saidOf(node, tenant);
    return text === undefined ? [] : [{ node: node.name, text }];
  });
}

function Told({ behind, tenant, all }: { behind: Behind; tenant: string; all: number }) {
  const rest = all - behind.length;
  return (
    <>
      {behind.length > 0 && (
        <ul className="ds-stack">
          {behind.map(({ node, text }) => (
            <li key={node}>
              <PageLink page="tenants" at={encodeURIComponent(tenant)} node={node}>
                {node}
              </PageLink>
              : {text}
            </li>
          ))}
        </ul>
      )}
      {rest > 0 && (
        <p>
          {behind.length === 0
            ? ngettext(
                "All of it is true at the $0 other node.",
                "All of it is true at all $0 other nodes.",
                rest,
              )
            : ngettext(
                "All of it is true at $0 more node.",
                "All of it is true at $0 more nodes.",
                rest,
              )}
        </p>
      )}
    </>
  );
}
