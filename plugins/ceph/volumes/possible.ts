/** What the state of a volume allows, as the agent sees it. */
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { _, format } from "../../lib/i18n.ts";

export type VolumeAct = "access" | "passphrase" | "resize" | "delete" | "restore" | "erase";

/** What can be done only with what is there. */
const needsIt: readonly VolumeAct[] = ["access", "passphrase", "erase"];

type Known = Pick<VolumeRow, "name" | "state">;

/** @returns undefined when it is possible, else why not */
export function whyNot({ name, state }: Known, act: VolumeAct): string | undefined {
  if (state === "removing") {
    return format(_("The data of $0 is being removed, which cannot be undone."), name);
  }
  if (act === "restore") {
    return state === "deleting" ? undefined : format(_("$0 is not to be deleted."), name);
  }
  if (state === "deleting") return format(_("$0 is to be deleted; restore it first."), name);
  if (needsIt.includes(act) && state === "declared") {
    return format(_("$0 is not made yet; its page says why."), name);
  }
  return undefined;
}

/** @returns those of the volumes with which it is possible now */
export function possible<Row extends Known>(rows: readonly Row[], act: VolumeAct): Row[] {
  return rows.filter((row) => whyNot(row, act) === undefined);
}
