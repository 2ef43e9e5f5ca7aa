import { fingerprintOf, type Invitation } from "../invitation.ts";
import { bad, type Found, good } from "./check.ts";

const again = (name: string) =>
  `Ask for a new one at a member of the cluster: dsecos cluster invite ${name}`;

/**
 * @param cluster fingerprint that was approved; empty where nobody was asked yet
 * @param now this node's time, in milliseconds since 1970
 */
export function expiry(invitation: Invitation, node: string, cluster: string, now: number): Found {
  const { expiresAt, peer } = invitation;
  if (invitation.node !== node) {
    return bad(`The invitation is for ${invitation.node}, not for ${node}.`, again(node));
  }
  if (cluster !== "" && fingerprintOf(invitation.certificate) !== cluster) {
    const fact = "The invitation is of another cluster than the one that was named.";
    return bad(fact, "Compare the certificate's SHA-256: dsecos cluster check-join");
  }
  if (Date.parse(expiresAt) <= now) return bad("The invitation is over.", again(node));
  return good(`${peer} invites ${node} until ${expiresAt}.`);
}
