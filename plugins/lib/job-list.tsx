/** Progress of what runs, and what came of it, object by object. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import CloseIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { type JobRecord, job } from "../../agent/jobs/contract.ts";
import { ActionButton } from "./action-button.tsx";
import { useAccess } from "./capabilities.tsx";
import { client } from "./client.ts";
import { isToldByPage, toPageError } from "./errors.ts";
import { _, format, ngettext, number, percent, relativeTime } from "./i18n.ts";
import { dismissJob, useJobs } from "./jobs.ts";
import { Tag, type TagColor } from "./tag.tsx";
import { toast } from "./toasts.tsx";

const colors: Record<JobRecord["state"], TagColor> = {
  running: "blue",
  succeeded: "green",
  failed: "red",
  cancelled: "grey",
};

export function jobStateName(state: JobRecord["state"]): string {
  const names = {
    running: _("running"),
    succeeded: _("done"),
    failed: _("failed"),
    cancelled: _("cancelled"),
  };
  return names[state];
}

/** Jobs that run, and those that ended while the page was open. */
export function JobList() {
  const { records, error } = useJobs();
  // Where the agent is gone, or not for this person, the page itself says so.
  const unknown = error && !isToldByPage(error);
  if (records.length === 0 && !unknown) return null;
  return (
    <section
      className="ds-jobs"
      aria-label={_("Jobs")}
      aria-live="polite"
      aria-relevant="additions"
    >
      {unknown && <p className="ds-bad">{format(_("Jobs are unknown: $0"), error.message)}</p>}
      {records.map((record) => (
        <Job key={record.id} record={record} dismiss={() => dismissJob(record.id)} />
      ))}
    </section>
  );
}

async function cancel(record: JobRecord): Promise<void> {
  try {
    await client(job, record.id).Cancel();
  } catch (cause) {
    toast(
      "danger",
      format(_("“$0” could not be cancelled"), record.title),
      toPageError(cause).message,
    );
  }
}

export function Job({ record, dismiss }: { record: JobRecord; dismiss?: () => void }) {
  const { why } = useAccess();
  const running = record.state === "running";
  const failed = record.results.filter(({ error }) => error);
  const open = failed.length <= 3;
  // What stands beside the object that failed is not said twice.
  const said = open && failed.some(({ error }) => error === record.error);
  return (
    <article className={`ds-job ds-job-${record.state}`} data-job={record.id}>
      <div className="ds-job-head">
        <strong>{record.title}</strong>
        <Tag color={colors[record.state]}>{jobStateName(record.state)}</Tag>
        <span className="ds-subtle">
          {record.actor} · {relativeTime(record.endedAt ?? record.startedAt)}
        </span>
        <span className="ds-grow" />
        {running && record.cancellable && (
          <ActionButton
            variant="link"
            size="sm"
            isInline
            why={why(job, "cancel")}
            onClick={() => cancel(record)}
          >
            {_("Cancel")}
          </ActionButton>
        )}
        {!running && dismiss && (
          <Button
            variant="plain"
            size="sm"
            icon={<CloseIcon />}
            aria-label={format(_("Dismiss “$0”"), record.title)}
            onClick={dismiss}
          />
        )}
      </div>
      {running && <JobProgress record={record} />}
      {record.error && !said && <p className="ds-bad">{record.error}</p>}
      {failed.length > 0 && (
        <details className="ds-job-results" open={open}>
          <summary>
            {ngettext("$0 failed", "$0 failed", failed.length)},{" "}
            {ngettext("$0 done", "$0 done", record.results.length - failed.length)}
          </summary>
          <ul>
            {failed.map(({ object, error }) => (
              <li key={object}>
                <strong>{object}</strong>: {error}
              </li>
            ))}
          </ul>
        </details>
      )}
    </article>
  );
}

function JobProgress({ record }: { record: JobRecord }) {
  const { done, total, step } = record;
  const share = total > 0 ? done / total : undefined;
  const counted = total > 0 ? format(_("$0 of $1"), number(done), number(total)) : "";
  return (
    <>
      <div
        className={`ds-progress${share === undefined ? " ds-progress-unknown" : ""}`}
        role="progressbar"
        aria-label={record.title}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(share === undefined ? {} : { "aria-valuenow": Math.round(share * 100) })}
      >
        <div style={{ inlineSize: share === undefined ? "30%" : `${share * 100}%` }} />
      </div>
      <p className="ds-subtle">
        {[counted, share === undefined ? "" : percent(share), step].filter(Boolean).join(" · ")}
      </p>
    </>
  );
}
