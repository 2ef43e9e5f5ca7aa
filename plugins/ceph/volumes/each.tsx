/** Does the same with many volumes; one message says how it went, with the reason for each that failed. */
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { toPageError } from "../../lib/errors.ts";
import { _, ngettext } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";
import { keyOf } from "./view.ts";

/** @param act is done for one after the other: each may ask for a second person of its own */
export async function each(
  rows: readonly VolumeRow[],
  done: string,
  act: (row: VolumeRow) => Promise<unknown>,
): Promise<void> {
  let succeeded = 0;
  let waiting = 0;
  const failures: { row: VolumeRow; reason: string }[] = [];
  for (const row of rows) {
    try {
      await act(row);
      succeeded += 1;
    } catch (cause) {
      const error = toPageError(cause);
      // One alone: its dialog stays and says why.
      if (error.code !== "NeedsApproval" && rows.length === 1) throw error;
      if (error.code === "NeedsApproval") waiting += 1;
      else failures.push({ row, reason: error.message });
    }
  }
  if (succeeded > 0) toast("success", `${volumes(succeeded)}: ${done}`);
  if (waiting > 0) {
    toast(
      "info",
      ngettext(
        "$0 request waits for a second person",
        "$0 requests wait for a second person",
        waiting,
      ),
      _("Another officer approves it below “Approvals”; then carry it out there."),
    );
  }
  if (failures.length === 0) return;
  toast(
    "danger",
    ngettext("$0 failed", "$0 failed", failures.length),
    <ul>
      {failures.map(({ row, reason }) => (
        <li key={keyOf(row)}>
          <strong>{row.name}</strong>: {reason}
        </li>
      ))}
    </ul>,
  );
}

function volumes(count: number): string {
  return ngettext("$0 volume", "$0 volumes", count);
}
