// @ts-check
/**
 * S3 gateways of a development cluster, with a realm of their own: those that run take up what is
 * committed to a realm's period, and without one would have to be started anew.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../setup/lib/run.js";
import { until } from "../setup/lib/wait.js";

export const realm = "dsecos";

/** What gateways keep for themselves: made beforehand, so that it is where the rule says. */
const ownPools = [".rgw.root", ...["control", "log", "meta"].map((name) => `${realm}.rgw.${name}`)];

/** @param {string} rule @returns {string[]} commands of the monitors */
export function gatewayPools(rule) {
  return ownPools.flatMap((pool) => [
    `osd pool create ${pool} 1 replicated ${rule}`,
    `osd pool application enable ${pool} rgw`,
  ]);
}

/**
 * @param {string} directory of the cluster
 * @param {{ name: string, port: number }[]} gateways
 * @returns {string} their part of ceph.conf
 */
export function gatewayConfig(directory, gateways) {
  return gateways
    .map(
      ({ name, port }) => `[client.rgw.${name}]
admin_socket = ${directory}/run/$name.asok
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_data = ${join(directory, `rgw.${name}`)}
rgw_thread_pool_size = 32
`,
    )
    .join("");
}

/**
 * @param {NodeJS.ProcessEnv} env that names the cluster and its administrator
 * @param {readonly string[]} endpoints
 */
export async function makeRealm(env, endpoints) {
  const names = {
    realm: ["--rgw-realm", realm],
    zonegroup: ["--rgw-zonegroup", realm, "--master"],
    zone: [
      "--rgw-zonegroup",
      realm,
      "--rgw-zone",
      realm,
      "--master",
      "--endpoints",
      endpoints.join(","),
    ],
  };
  for (const [kind, args] of Object.entries(names)) {
    await run("radosgw-admin", [kind, "create", ...args, "--default"], { env, seconds: 60 });
  }
  await run("radosgw-admin", ["period", "update", "--commit"], { env, seconds: 60 });
}

/** @param {string} directory @param {string} name */
export function makeGatewayHome(directory, name) {
  mkdirSync(join(directory, `rgw.${name}`), { recursive: true, mode: 0o700 });
}

/** @param {string} endpoint */
export async function gatewayAnswers(endpoint) {
  await until("the gateway to answer", 60, () =>
    fetch(endpoint).then(
      () => true,
      () => false,
    ),
  );
}
