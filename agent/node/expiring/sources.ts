/** Who is asked for what ends: the parts of the agent that know it already. */
import { approvals } from "../../approvals/contract.ts";
import type { Approvals } from "../../approvals/service.ts";
import { actionId } from "../../bus/contract.ts";
import { DsecosError } from "../../bus/errors.ts";
import { ceph as cephContract } from "../../ceph/contract.ts";
import type { CephService } from "../../ceph/service.ts";
import { cluster } from "../../cluster/contract.ts";
import { openInvitations } from "../../cluster/joining/invited.ts";
import { server } from "../../cluster/joining/listening.ts";
import { hsm as hsmContract } from "../../hsm/contract.ts";
import type { HsmService } from "../../hsm/service.ts";
import type { IncusClient } from "../../incus/client.ts";
import type { Cloud } from "../../incus/cloud.ts";
import { selinux } from "../../selinux/contract.ts";
import type { Origin } from "../../selinux/loads/answers.ts";
import { tenants } from "../../tenants/contract.ts";
import { node } from "../contract.ts";
import type { FirewallStatus } from "../firewall/answers.ts";
import type { Ending } from "./answers.ts";
import { flagEnding, tenantEnding, volumeEnding } from "./deletions.ts";
import { ceremonyEnding, certificateEnding, keyEnding } from "./keys.ts";
import {
  clusterCertificateEnding,
  firewallEnding,
  invitationEnding,
  policyEnding,
  requestEnding,
} from "./trials.ts";
import type { Source } from "./types.ts";

export interface SourceParts {
  approvals: Approvals;
  hsm: HsmService;
  ceph: CephService;
  cloud: Cloud;
  incus: IncusClient;
  firewall: () => Promise<FirewallStatus>;
  policy: () => Promise<Origin>;
}

/** Volumes that wait for their end are few; of more, the others are told to be missing. */
const mostVolumes = 200;
const deleting = {
  ...{
    search: "",
    tenant: "",
    state: ["deleting" as const],
    jurisdiction: [],
    class: [],
    kind: [],
  },
  ...{ troubled: false, sort: "name" as const, descending: false, cursor: "", limit: mostVolumes },
};

const all = (rows: Ending[]) => ({ rows, missing: [] });

export function endingSources(parts: SourceParts): Source[] {
  const { hsm, ceph, cloud, incus } = parts;
  const readsHsm = actionId(hsmContract, "read");
  const readsCeph = actionId(cephContract, "read");
  const readsCluster = actionId(cluster, "read");
  return [
    {
      ...{ source: "keys", action: readsHsm },
      async ask() {
        const { keys, missing } = await hsm.core.everything();
        return { rows: keys.flatMap(({ record }) => keyEnding(record)), missing };
      },
    },
    {
      ...{ source: "certificates", action: readsHsm },
      async ask() {
        const { ends, missing } = await hsm.certificateEnds();
        return { rows: ends.map(certificateEnding), missing };
      },
    },
    {
      ...{ source: "ceremonies", action: readsHsm },
      ask: async (call) => all((await hsm.handlers.Ceremonies(call)).flatMap(ceremonyEnding)),
    },
    {
      ...{ source: "requests", action: actionId(approvals, "read") },
      async ask(call) {
        return all((await parts.approvals.handlers.List(call)).flatMap(requestEnding));
      },
    },
    {
      ...{ source: "invitations", action: readsCluster },
      ask: async () => all((await openInvitations(incus)).map(invitationEnding)),
    },
    {
      ...{ source: "clusterCertificate", action: readsCluster },
      async ask() {
        const { environment } = await server(incus);
        const { server_clustered: isClustered, certificate } = environment;
        return all(clusterCertificateEnding(isClustered ? certificate : undefined));
      },
    },
    {
      ...{ source: "firewall", action: actionId(node, "read") },
      ask: async () => all(firewallEnding(await parts.firewall())),
    },
    {
      ...{ source: "policy", action: actionId(selinux, "read") },
      async ask() {
        const origin = await parts.policy();
        if (origin.origin !== "unknown") return all(policyEnding(origin));
        const what = "Which policy is loaded could not be read; the agent's journal says why.";
        throw new DsecosError("Unavailable", what);
      },
    },
    {
      ...{ source: "tenants", action: actionId(tenants, "read") },
      async ask() {
        const states = cloud.states();
        if (states === undefined) {
          const { remedy } = cloud.tenants.health();
          throw new DsecosError("Unavailable", `The tenants are not known yet. ${remedy}`.trim());
        }
        return all([...states].flatMap(([name, state]) => tenantEnding(name, state)));
      },
    },
    {
      ...{ source: "volumes", action: readsCeph },
      async ask(call) {
        const { rows, total } = await ceph.handlers.Volumes(call, deleting);
        const more = `There are ${total - rows.length} more volumes to be removed; list them: dsecos ceph volumes --state deleting`;
        return { rows: rows.flatMap(volumeEnding), missing: total > rows.length ? [more] : [] };
      },
    },
    {
      ...{ source: "flags", action: readsCeph },
      async ask(call) {
        const { state, reason } = ceph.core.link.status();
        // Where there is no Ceph nothing is stopped in it.
        if (state === "notInstalled" || state === "notConfigured") return all([]);
        if (state !== "ready") throw new DsecosError("Unavailable", reason || "Ceph starts.");
        return all((await ceph.handlers.Flags(call)).flags.flatMap(flagEnding));
      },
    },
  ];
}
