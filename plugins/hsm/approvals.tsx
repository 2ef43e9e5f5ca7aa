/** Requests about keys that wait for a second person. */
import { hsm } from "../../agent/hsm/contract.ts";
import { Approvals } from "../lib/approvals.tsx";

const contracts = [hsm];

export const HsmApprovals = () => <Approvals own={contracts} />;
