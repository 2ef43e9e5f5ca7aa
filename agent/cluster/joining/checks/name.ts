import { bad, type Found, good, warning } from "./check.ts";

/**
 * @param hostname what this node calls itself
 * @param members names that the cluster has already
 */
export function name(node: string, hostname: string, members: readonly string[]): Found {
  if (members.includes(node)) {
    const remedy = `Have it invited under another name, or remove the member that is gone: incus cluster remove ${node}`;
    return bad(`The cluster has a member ${node} already.`, remedy);
  }
  if (node === hostname) return good(`No other member is called ${node}.`);
  // Its acts are on record under the name that it has itself.
  const fact = `This node calls itself ${hostname}, and would be ${node} in the cluster.`;
  return warning(fact, "Use one name for both: hostnamectl set-hostname, or another invitation.");
}
