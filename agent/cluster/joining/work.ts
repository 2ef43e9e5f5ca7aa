/** What Incus is asked to do: become a cluster of one, let somebody in, join. Takes back what failed. */
import { DsecosError } from "../../bus/errors.ts";
import type { IncusClient } from "../../incus/client.ts";
import { run } from "../../incus/operations.ts";
import type { JobProgress } from "../../jobs/types.ts";
import { explain, type Log } from "../../log.ts";
import type { Address } from "./address.ts";
import { type Invitation, mostNames } from "./invitation.ts";
import { type Before, before, server, takeBack } from "./listening.ts";

export interface WorkParts {
  client: IncusClient;
  log: Log;
  /** Reads the cluster anew, and tells the others of this node. */
  refresh: () => Promise<void>;
}

/** Incus makes its database the cluster's, and fetches the images; slow disks take minutes. */
const joinMs = 600_000;

export function initialize(parts: WorkParts, node: string, { text }: Address) {
  return async (progress: JobProgress): Promise<void> => {
    const { client } = parts;
    progress.total(2);
    progress.step("Incus becomes a cluster of one");
    const was = await before(client);
    await unlessFailed(parts, was, async () => {
      const own = was.config["core.https_address"];
      // Without an address of its own Incus listens on the cluster's alone.
      const key = own === "" ? "core.https_address" : "cluster.https_address";
      if (own !== text) await client.send("PATCH", "/1.0", { config: { [key]: text } });
      const body = { server_name: node, enabled: true };
      await run(client, "PUT", "/1.0/cluster", body, { wait: { timeoutMs: joinMs } });
    });
    progress.reached(1);
    progress.step("The agent tells of this node");
    await parts.refresh();
    progress.reached(2);
  };
}

export function join(parts: WorkParts, node: string, { text }: Address, invitation: Invitation) {
  return async (progress: JobProgress): Promise<void> => {
    const { client } = parts;
    progress.total(2);
    progress.step(`Incus joins by ${invitation.peer}, and fetches settings and images`);
    const was = await before(client);
    await unlessFailed(parts, was, async () => {
      const body = {
        ...{ server_name: node, enabled: true, server_address: text },
        cluster_address: invitation.peer,
        cluster_certificate: invitation.certificate,
        cluster_token: invitation.token,
        // A pool that needs a device of this node is made on it before, and is taken as it is.
        member_config: [],
      };
      await run(client, "PUT", "/1.0/cluster", body, { wait: { timeoutMs: joinMs } });
    });
    progress.reached(1);
    progress.step("The agent tells the others of this node");
    await parts.refresh();
    progress.reached(2);
  };
}

/** @throws DsecosError that says whether anything is left of what was begun */
async function unlessFailed(
  { client, log }: WorkParts,
  was: Before,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DsecosError)) throw error;
    throw new DsecosError(error.code, `${error.message} ${await cleared()}`, { cause: error });
  }

  async function cleared(): Promise<string> {
    try {
      const { environment } = await server(client);
      if (environment.server_clustered) {
        return "This node is in the cluster all the same; see: incus cluster list";
      }
      await takeBack(client, was);
      return "Nothing of it is left on this node.";
    } catch (error) {
      log("warning", "what Incus did to join could not be taken back", { error: explain(error) });
      return "What it did until then could not be taken back; see: incus config show";
    }
  }
}

type Token = Record<"serverName" | "fingerprint" | "secret" | "expiresAt", string> & {
  addresses: string[];
};

/**
 * @param versions of this node
 * @param self address of this node's Incus
 */
export async function invite(
  client: IncusClient,
  node: string,
  known: Pick<Invitation, "versions" | "peer" | "members">,
): Promise<Invitation> {
  const { pools, networks } = await held(client);
  const { environment } = await server(client);
  const at = new Date().toISOString();
  // The operation stands for the token, and waits until it is used or over.
  const { metadata } = await client.send<{ metadata: Token }>("POST", "/1.0/cluster/members", {
    server_name: node,
  });
  const { serverName, fingerprint, addresses, secret, expiresAt } = metadata.metadata;
  const token = { server_name: serverName, fingerprint, addresses, secret, expires_at: expiresAt };
  return {
    ...{ format: 1, node, at, pools, networks, ...known },
    token: Buffer.from(JSON.stringify(token)).toString("base64"),
    certificate: environment.certificate,
    expiresAt: new Date(expiresAt).toISOString(),
  };
}

async function held(client: IncusClient): Promise<Pick<Invitation, "pools" | "networks">> {
  const { names } = await before(client);
  return {
    pools: [...names["storage-pools"]].slice(0, mostNames),
    networks: [...names.networks].slice(0, mostNames),
  };
}
