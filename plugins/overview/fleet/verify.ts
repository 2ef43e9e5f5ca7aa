import { audit } from "../../../agent/audit/contract.ts";
import { client } from "../../lib/client.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { follow } from "./follow.ts";
import type { Ask } from "./work.ts";

export const verify: Ask = async (send, followed) => {
  const api = client(audit, undefined, send);
  const ended = await follow(await api.Verify(), send, followed);
  const { job, state, size, errors, warnings } = (await api.Status()).verified;
  if (job !== ended.id) {
    return { verdict: "unknown", text: ended.error ?? _("Somebody asked for it anew meanwhile.") };
  }
  const text = format(
    _("$0: $1, $2"),
    ngettext("$0 event", "$0 events", size),
    ngettext("$0 error", "$0 errors", errors),
    ngettext("$0 warning", "$0 warnings", warnings),
  );
  if (state === "damaged") return { verdict: "bad", text };
  if (state === "intact") return { verdict: warnings > 0 ? "warning" : "good", text };
  return { verdict: "unknown", text: ended.error ?? _("The log could not be verified.") };
};
