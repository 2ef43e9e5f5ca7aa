/** Every interface on the bus. The pages import single contracts instead, to stay small. */
import { agent } from "./agent/contract.ts";
import { approvals } from "./approvals/contract.ts";
import { audit } from "./audit/contract.ts";
import type { Interface } from "./bus/contract.ts";
import { ceph } from "./ceph/contract.ts";
import { cluster } from "./cluster/contract.ts";
import { hsm } from "./hsm/contract.ts";
import { images } from "./images/contract.ts";
import { instances } from "./instances/contract.ts";
import { job, jobs } from "./jobs/contract.ts";
import { node } from "./node/contract.ts";
import { selinux } from "./selinux/contract.ts";
import { tenants } from "./tenants/contract.ts";

export const contracts: readonly Interface[] = [
  agent,
  jobs,
  job,
  approvals,
  node,
  cluster,
  audit,
  selinux,
  hsm,
  ceph,
  tenants,
  instances,
  images,
];
