/** Verifies the whole record: how far it is, and what was found, in words. */

import type { Verification } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { toPageError } from "../lib/errors.ts";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, relativeTime } from "../lib/i18n.ts";
import { Job } from "../lib/job-list.tsx";
import { useJobs, watchJob } from "../lib/jobs.ts";
import { Failure, Loading } from "../lib/states.tsx";
import { Tag } from "../lib/tag.tsx";
import { toast } from "../lib/toasts.tsx";
import { Findings, verificationColors, verificationName, verificationWords } from "./findings.tsx";

/** Begins at once: it changes nothing, and who comes here wants to know. */
export async function startVerification(): Promise<void> {
  try {
    const id = await client(audit).Verify();
    await watchJob(id);
    showDialog(<VerifyDialog job={id} />);
  } catch (cause) {
    toast("danger", _("The record could not be verified"), toPageError(cause).message);
  }
}

function VerifyDialog({ job }: { job: string }) {
  const record = useJobs().records.find(({ id }) => id === job);
  // What succeeded leaves the list after a while; the result stays in the agent's status.
  const running = record?.state === "running";
  return (
    <Dialog title={_("Verify the whole record")} size="large">
      <p>
        {_(
          "Every event is read and hashed again; chain, tree, checkpoints, attestations and witnesses are compared. You can close this: it goes on, and the result will stand on the page.",
        )}
      </p>
      {record && <Job record={record} />}
      {!running && <Outcome />}
      <p className="ds-subtle">
        {_(
          "The same without trusting this node: copy the directory to another machine and run there",
        )}
      </p>
      <Command text="dsecos audit verify DIRECTORY" />
    </Dialog>
  );
}

function Outcome() {
  const query = useQuery("verified", () => client(audit).Status());
  if (query.data) return <Verified verified={query.data.verified} />;
  return query.error ? <Failure error={query.error} retry={query.refresh} /> : <Loading rows={2} />;
}

export function Verified({ verified }: { verified: Verification }) {
  const { state, at } = verified;
  return (
    <div className="ds-stack" data-verified={state}>
      <div className="ds-job-head">
        <Tag color={verificationColors[state]}>{verificationName(state)}</Tag>
        {state !== "never" && <strong>{verificationWords(verified)}</strong>}
        {at && <span className="ds-subtle">{relativeTime(at)}</span>}
      </div>
      {state === "intact" && (
        <p>{_("No event was changed, added, removed or moved, as far as this evidence shows.")}</p>
      )}
      {state === "damaged" && (
        <p className="ds-bad">
          {_(
            "Keep a copy of the record's directory before anything else, and verify it on another machine.",
          )}
        </p>
      )}
      <Findings verified={verified} />
    </div>
  );
}

export function FindingsDialog({ verified }: { verified: Verification }) {
  return (
    <Dialog title={_("Last verification")} size="large">
      <Verified verified={verified} />
      <p className="ds-subtle">{_("The same from the command line:")}</p>
      <Command text={commandOf(audit, "Verify", [])} />
    </Dialog>
  );
}
