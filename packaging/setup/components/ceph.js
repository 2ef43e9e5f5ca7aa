// @ts-check
import { join } from "node:path";
import { clusterPaths, describeCluster, missingForCluster } from "../../ceph/cluster.js";
import { acting } from "../../ceph/keys.js";
import { makeMap, removeMap } from "../../ceph/map.js";

/** @param {Pick<import("./types.js").StackContext, "stateDirectory">} context */
const directoryOf = ({ stateDirectory }) => join(stateDirectory, "ceph");
/** @param {Pick<import("./types.js").StackContext, "stateDirectory">} context */
const mapOf = ({ stateDirectory }) => join(stateDirectory, "ceph-map");

/**
 * @param {Pick<import("./types.js").StackContext, "stateDirectory">} context
 * @returns {ReturnType<typeof clusterPaths> & { cephMap: string, cephMapKeys: string }} keys of the
 *   agent's configuration file; the agent takes the cluster and its map up whenever they are there
 */
export function cephPaths(context) {
  const map = mapOf(context);
  return {
    ...clusterPaths(directoryOf(context)),
    // The node's own map is of another cluster.
    cephMap: join(map, "map.json"),
    cephMapKeys: join(map, "keys"),
  };
}

/**
 * A Ceph cluster with four sites, of which no stack has one unless it is asked for: eight OSDs are
 * much for a machine that shows something else.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function cephComponent(context) {
  const cluster = describeCluster({ directory: directoryOf(context), gateways: 1 });
  return {
    name: "ceph",
    isRunning: async () => cluster.isRunning(),
    async start() {
      const missing = missingForCluster({ gateways: true });
      if (missing !== "") throw new Error(missing);
      await cluster.remove();
      await cluster.make();
      const { cephUser } = cluster.paths;
      await cluster.ceph(["auth", "caps", cephUser, ...Object.entries(acting).flat()]);
      await makeMap(cluster, mapOf(context), join(context.distDirectory, "agent/dsecos.js"));
      return `8 OSDs in London, Manchester, Frankfurt and Dubai, whose data is in memory; ceph -c ${cluster.paths.cephConfig}`;
    },
    stop() {
      removeMap(mapOf(context));
      return cluster.remove();
    },
  };
}
