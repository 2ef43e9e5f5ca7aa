/** Requests of most pages: those about storage, keys and policies are carried out on theirs. */
import { audit } from "../../agent/audit/contract.ts";
import { cluster } from "../../agent/cluster/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Approvals } from "../lib/approvals.tsx";

const contracts = [audit, cluster, node, tenants];

export const OverviewApprovals = () => <Approvals own={contracts} />;
