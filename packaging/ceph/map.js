// @ts-check
/** The signed map of jurisdictions of a development cluster, by a key that is made for it. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../setup/lib/run.js";

/**
 * @param {{ ceph: (args: string[]) => Promise<string> }} cluster
 * @param {string} directory of the map, `keys` and the private key `signer.pem`, which signs further maps
 * @param {string} command the built `dsecos`
 */
export async function makeMap(cluster, directory, command) {
  removeMap(directory);
  mkdirSync(join(directory, "keys"), { recursive: true, mode: 0o700 });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signer = join(directory, "signer.pem");
  writeFileSync(signer, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const spki = publicKey.export({ type: "spki", format: "pem" });
  writeFileSync(join(directory, "keys", "development.pem"), spki);
  const draft = join(directory, "draft.json");
  writeFileSync(draft, JSON.stringify(await describe(cluster), undefined, 2));
  const args = [command, "ceph", "sign-map", "--map", draft, "--key", signer];
  const { stdout } = await run(process.execPath, args);
  writeFileSync(join(directory, "map.json"), stdout);
}

/** @param {string} directory */
export function removeMap(directory) {
  rmSync(directory, { recursive: true, force: true });
}

/** @param {{ ceph: (args: string[]) => Promise<string> }} cluster */
async function describe({ ceph }) {
  const { fsid } = JSON.parse(await ceph(["status", "-f", "json"]));
  const { nodes } = JSON.parse(await ceph(["osd", "tree", "-f", "json"]));
  const { rule_id: uk } = JSON.parse(
    await ceph(["osd", "crush", "rule", "dump", "uk", "-f", "json"]),
  );
  const pools = JSON.parse(await ceph(["osd", "pool", "ls", "detail", "-f", "json"]));
  return {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster: fsid, peers: [] },
    // Of a cluster that is made anew: greater than that of the one before.
    serial: Math.floor(Date.now() / 1000),
    at: new Date().toISOString(),
    buckets: nodes
      .filter((/** @type {{ type: string }} */ { type }) => type === "region")
      .map((/** @type {{ id: number, name: string }} */ { id, name }) => ({
        ...{ id, name },
        jurisdiction: name.toUpperCase(),
      })),
    networks: [{ cidr: "127.0.0.0/8", jurisdiction: "UK" }],
    pools: pools
      .filter((/** @type {{ crush_rule: number }} */ { crush_rule }) => crush_rule === uk)
      .map((/** @type {{ pool_id: number, pool_name: string }} */ { pool_id, pool_name }) => ({
        ...{ id: pool_id, name: pool_name },
        allowed: ["UK"],
      })),
  };
}
