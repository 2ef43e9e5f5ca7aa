/** Jobs that ended lately. Those that run stand at the top of every page. */
import { type JobRecord, job, jobs } from "../../agent/jobs/contract.ts";
import { client, listen } from "../lib/client.ts";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { Job } from "../lib/job-list.tsx";

const changes = (changed: () => void) =>
  listen(job, "Changed", ({ state }: JobRecord) => state !== "running" && changed());

export function RecentJobs() {
  const { data, error } = useQuery(
    "recent jobs",
    () => client(jobs).List({ cursor: "", limit: 8 }),
    { changes },
  );
  const ended = data?.rows.filter(({ state }) => state !== "running") ?? [];
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Latest jobs")}</h2>
      {error && <p className="ds-bad">{error.message}</p>}
      {data && ended.length === 0 && <p className="ds-subtle">{_("None yet.")}</p>}
      {ended.map((record) => (
        <Job key={record.id} record={record} />
      ))}
    </section>
  );
}
