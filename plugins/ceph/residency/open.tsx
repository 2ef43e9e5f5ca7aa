/** Opens dialogs about the map of jurisdictions, which are loaded then. */
import type { ApprovalRecord } from "../../../agent/approvals/contract.ts";
import { showLate } from "../../lib/late.ts";

const dialogs = () => import("./map.tsx");

/** @param serial of the map that holds; 0 where there is none */
export const openMapDialog = (serial: number): Promise<void> =>
  showLate(async () => {
    const { MapDialog } = await dialogs();
    return <MapDialog serial={serial} />;
  });

/** A map was approved by its hash: its file is asked for, and sent where it is that one. */
export const askForMap = (
  record: ApprovalRecord,
  send: (content: string) => Promise<void>,
): Promise<void> =>
  showLate(async () => {
    const { ApprovedMapDialog } = await dialogs();
    return <ApprovedMapDialog record={record} send={send} />;
  });
