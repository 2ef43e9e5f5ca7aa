/** A real S3 store for tests: Ceph's gateway over one monitor and one OSD with its data in memory. */
import { run } from "../../packaging/setup/lib/run.js";
import { noGateways, withCeph } from "./ceph-cluster.ts";

/** Why it cannot run here; empty when it can. */
export const noGateway = noGateways;

export interface Gateway {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  stop(): Promise<void>;
}

const accessKey = "TESTACCESSKEY";
const secretKey = "test+secret/key";

export async function startGateway(): Promise<Gateway> {
  const cluster = await withCeph({ osds: 1, gateways: 1 });
  try {
    const [endpoint = ""] = cluster.endpoints;
    await run(
      "radosgw-admin",
      [
        ...["user", "create", "--uid", "audit", "--display-name", "audit"],
        ...["--access-key", accessKey, "--secret-key", secretKey],
      ],
      { env: cluster.env, seconds: 60 },
    );
    return { endpoint, accessKey, secretKey, stop: async () => void (await cluster.remove()) };
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}
