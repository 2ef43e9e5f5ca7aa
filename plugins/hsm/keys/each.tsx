/** Does the same with many keys; one message says how it went, with the reason for each that failed. */
import type { KeyRow } from "../../../agent/hsm/keys/answers.ts";
import { toPageError } from "../../lib/errors.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";

/** @throws what failed where it is one key alone, so that its dialog stays and says why */
export async function each(
  keys: readonly KeyRow[],
  done: string,
  act: (key: KeyRow) => Promise<unknown>,
): Promise<void> {
  const [first] = keys;
  if (first !== undefined && keys.length === 1) {
    await act(first);
    toast("success", `${first.name}: ${done}`);
    return;
  }
  const outcomes = await Promise.allSettled(keys.map(act));
  const failures = keys.flatMap((key, index) => {
    const outcome = outcomes[index];
    return outcome?.status === "rejected"
      ? [{ key, reason: toPageError(outcome.reason).message }]
      : [];
  });
  const succeeded = keys.length - failures.length;
  if (failures.length === 0) {
    toast("success", `${ngettext("$0 key", "$0 keys", succeeded)}: ${done}`);
    return;
  }
  toast(
    "danger",
    format(
      _("$0; $1"),
      ngettext("$0 failed", "$0 failed", failures.length),
      ngettext("$0 done", "$0 done", succeeded),
    ),
    <ul>
      {failures.map(({ key, reason }) => (
        <li key={`${key.tenant}/${key.name}`}>
          <strong>{key.name}</strong>: {reason}
        </li>
      ))}
    </ul>,
  );
}
