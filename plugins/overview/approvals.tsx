/** Requests of all pages but that of storage, which needs more than a button to carry them out. */
import { audit } from "../../agent/audit/contract.ts";
import { cluster } from "../../agent/cluster/contract.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { selinux } from "../../agent/selinux/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Approvals } from "../lib/approvals.tsx";

const contracts = [audit, cluster, hsm, node, selinux, tenants];

export const OverviewApprovals = () => <Approvals own={contracts} />;
