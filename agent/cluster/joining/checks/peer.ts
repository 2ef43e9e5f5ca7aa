import { fingerprintOf, type Invitation } from "../invitation.ts";
import type { Knock } from "../peer.ts";
import { bad, type Found, good, unknown } from "./check.ts";

export function peer({ peer: address, certificate }: Invitation, knock: Knock): Found {
  if (knock.kind === "notLet") {
    const fact = `Whether ${address} answers was not tried: the agent may open no connection to it.`;
    const remedy =
      "Incus tries it as soon as it joins, and nothing is changed where it fails. To know it before, open the address in the agent's unit: network.conf among its examples.";
    return unknown(fact, remedy);
  }
  if (knock.kind === "fails") {
    const remedy = `See that Incus runs there, that “firewall” in /etc/dsecos/agent.json names each of the two among the other's members, and that both are loaded: dsecos node firewall`;
    return bad(`${address} cannot be reached: ${knock.why}.`, remedy);
  }
  if (knock.fingerprint !== fingerprintOf(certificate)) {
    const fact = `Another certificate than the cluster's is shown at ${address}.`;
    return bad(fact, "Find out who answers there before you go on, then ask for a new invitation.");
  }
  return good(`${address} answers with the cluster's certificate.`);
}
