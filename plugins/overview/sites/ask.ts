/** What is asked of Ceph; a file of its own, since its contract is the largest. */
import * as v from "valibot";
import { ceph } from "../../../agent/ceph/contract.ts";
import { poolFilterSchema } from "../../../agent/ceph/pools/answers.ts";
import { topologyFilterSchema } from "../../../agent/ceph/topology/answers.ts";
import { client } from "../../lib/client.ts";

const hosts = v.parse(topologyFilterSchema, { detail: "hosts", limit: 1000 });
const pools = v.parse(poolFilterSchema, { limit: 1000 });

export const askMap = () => client(ceph).ResidencyMap();

export const askCeph = () =>
  Promise.allSettled([
    client(ceph).Residency(),
    client(ceph).Topology(hosts),
    client(ceph).Pools(pools),
  ]);
