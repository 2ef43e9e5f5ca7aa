/** What the node of the login knows of the cluster, whichever node the page speaks to. */
import * as v from "valibot";
import type { cluster } from "../../../agent/cluster/contract.ts";
import { isMemberName } from "../../../agent/cluster/members/names.ts";
import { PageError, toPageError } from "../errors.ts";
import { openOwnBus } from "../host.ts";
import { _, format } from "../i18n.ts";

const timeoutMs = 35_000;

// The whole contract would be most of what every page has to load for the choice.
const path: typeof cluster.path = "/org/dsecos/cluster";
export const clusterName: typeof cluster.name = "org.dsecos.Cluster1";
const status: keyof typeof cluster.methods = "Status";

/** What the choice needs of the answer. */
const nodesSchema = v.object({
  node: v.string(),
  nodes: v.array(
    v.object({
      name: v.pipe(v.string(), v.check(isMemberName)),
      state: v.string(),
      verdict: v.picklist(["good", "warning", "bad", "unknown"]),
      facts: v.nullable(v.object({ versions: v.object({ agent: v.string() }) })),
    }),
  ),
});

export type Nodes = v.InferOutput<typeof nodesSchema>;

/** @throws PageError */
export async function ownNodes(): Promise<Nodes> {
  const bus = openOwnBus();
  try {
    const options = { type: "", timeout: timeoutMs };
    const [reply] = await bus.call(path, clusterName, status, [], options);
    return v.parse(nodesSchema, JSON.parse(String(reply)));
  } catch (cause) {
    throw toPageError(cause);
  } finally {
    bus.close();
  }
}

/** @returns false for the node of the login itself. @throws PageError where it is no node of the cluster */
export async function isOther(node: string): Promise<boolean> {
  const known = await ownNodes();
  if (known.node === node) return false;
  // “localhost” is what Cockpit takes for the node of the login.
  if (known.nodes.some((one) => one.name === node) && node !== "localhost") return true;
  const what = _("The cluster of $0 has no node “$1”. Choose another one.");
  throw new PageError("NotFound", format(what, known.node, node));
}
