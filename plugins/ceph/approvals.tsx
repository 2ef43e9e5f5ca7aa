/** Requests that wait for a second person, with what this page must ask for before they are carried out. */
import { ceph } from "../../agent/ceph/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { askForMap } from "./residency/open.tsx";

const contracts = [ceph];

export const CephApprovals = () => <Approvals own={contracts} askContent={askForMap} />;
