/** Begins a proof; its progress and its result stand among the jobs at the top of the page. */
import { selinux } from "../../agent/selinux/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { toPageError } from "../lib/errors.ts";
import { _ } from "../lib/i18n.ts";
import { useJobs, watchJob } from "../lib/jobs.ts";
import { PageLink } from "../lib/page-link.tsx";
import { toast } from "../lib/toasts.tsx";

async function start(): Promise<void> {
  try {
    await watchJob(await client(selinux).Prove());
  } catch (cause) {
    toast("danger", _("The proof could not be started"), toPageError(cause).message);
  }
}

export function ProveNow() {
  const { why } = useAccess();
  const running = useJobs().records.some(
    ({ kind, state }) => kind === "selinux.Prove" && state === "running",
  );
  const busy = running ? _("It is being proved; the result will stand here.") : undefined;
  return (
    <>
      <PageLink page="audit" at="?action=selinux.Proved">
        {_("All proofs on record")}
      </PageLink>
      <ActionButton variant="secondary" why={why(selinux, "prove") ?? busy} onClick={start}>
        {_("Prove now")}
      </ActionButton>
    </>
  );
}
