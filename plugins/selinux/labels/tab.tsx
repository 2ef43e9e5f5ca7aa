/** Whether what runs and what lies on the disk carries the label that the policy says. */
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import { useMemo } from "react";
import { selinux } from "../../../agent/selinux/contract.ts";
import type { LabelReportPage, MislabelledFile } from "../../../agent/selinux/labels/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { askAtOnce } from "../../lib/ask.ts";
import { verdictColors, verdictName } from "../../lib/assurance.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { useNow, useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number, relativeTime } from "../../lib/i18n.ts";
import { useJobs } from "../../lib/jobs.ts";
import { changeText, type ListView, readList } from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import type { Place } from "../../lib/location.ts";
import { MayNot } from "../../lib/may-not.tsx";
import { useSelection } from "../../lib/preferences.ts";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { fileColumns, placeColumns, processColumns } from "./columns.tsx";
import { RestoreDialog } from "./restore.tsx";
import { stateWords } from "./words.ts";

const everyMs = 15_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);
const pageSizes = [50, 100, 500];

interface Props {
  place: Place;
  /** No policy is loaded. */
  inactive: boolean;
}

export function LabelsTab(props: Props) {
  return (
    <MayNot
      contract={selinux}
      action="labels"
      means={_("Labels tell which files and processes a tenant has.")}
    >
      <Labels {...props} />
    </MayNot>
  );
}

function Labels({ place, inactive }: Props) {
  const view = useMemo(() => readList(place, pageSizes), [place]);
  const { text, cursor, perPage } = view;
  const ended = useJobs().records.filter(
    ({ kind, state }) => /^selinux\.(Labels|Restore)$/.test(kind) && state !== "running",
  ).length;
  const query = useQuery(
    JSON.stringify([text, cursor, perPage, ended]),
    () => client(selinux).LabelReport({ text, cursor, limit: perPage }),
    { every: everyMs, changes },
  );
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <Newest report={data} inactive={inactive} />
      <Processes report={data} />
      <Files view={view} report={data} stale={query.loading} />
      <LookedAt report={data} />
    </div>
  );
}

function Newest({ report, inactive }: { report: LabelReportPage; inactive: boolean }) {
  const { verdict, sentence } = stateWords(report, inactive);
  const { at, actor, seconds, error, processes, files } = report;
  const now = useNow(5000);
  return (
    <section className="ds-panel ds-stack" data-labels={report.state}>
      <div className="ds-job-head" role="status">
        <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>
        <h2 className="pf-v6-c-title pf-m-md">{sentence}</h2>
      </div>
      {error && <p className="ds-bad">{error}</p>}
      {at && report.state !== "failed" && (
        <p>
          {format(
            _("Looked at: $0 processes, of which $1 are tenants’, and $2 files."),
            number(processes.checked),
            number(processes.tenants),
            number(files.checked),
          )}{" "}
          {files.customized > 0 &&
            ngettext(
              "$0 more has a type that somebody may have given on purpose.",
              "$0 more have a type that somebody may have given on purpose.",
              files.customized,
            )}
        </p>
      )}
      <div className="ds-toolbar">
        <span className="ds-subtle">
          {at &&
            format(
              _("Checked $0, by $1, in $2 s."),
              relativeTime(at, now),
              actor === "agent" ? _("the agent itself") : actor,
              number(seconds, 1),
            )}
        </span>
        <span className="ds-grow" />
        <CheckNow />
      </div>
    </section>
  );
}

function CheckNow() {
  const { why } = useAccess();
  const running = useJobs().records.some(
    ({ kind, state }) => kind === "selinux.Labels" && state === "running",
  );
  return (
    <ActionButton
      variant="secondary"
      why={why(selinux, "labels") ?? (running ? _("They are being checked.") : undefined)}
      onClick={() => askAtOnce(_("The check could not be started"), () => client(selinux).Labels())}
    >
      {_("Check now")}
    </ActionButton>
  );
}

function Processes({ report: { processes } }: { report: LabelReportPage }) {
  if (processes.wrong === 0) return null;
  return (
    <section className="ds-panel ds-stack se-kind" aria-labelledby="se-processes">
      <h2 id="se-processes" className="pf-v6-c-title pf-m-md">
        {ngettext(
          "$0 process is in the wrong domain",
          "$0 processes are in the wrong domain",
          processes.wrong,
        )}
      </h2>
      <p>
        {_(
          "A process keeps its domain until it ends: stop the instance and start it again. If it comes back wrong, its root file system is mislabelled.",
        )}
      </p>
      <Table
        label={_("Processes in the wrong domain")}
        columns={processColumns()}
        rows={processes.list}
        keyOf={({ pid }) => String(pid)}
      />
    </section>
  );
}

interface FilesProps {
  view: ListView;
  report: LabelReportPage;
  stale: boolean;
}

const pathOf = ({ path }: MislabelledFile) => path;

function Files({ view, report: { files }, stale }: FilesProps) {
  const { why } = useAccess();
  const columns = useMemo(fileColumns, []);
  const selection = useSelection();
  if (files.kept === 0) return null;
  const chosen = files.rows.filter(({ path }) => selection.chosen.has(path));
  const unable = why(selinux, "restore");
  return (
    <>
      <div className="ds-toolbar">
        <Search
          label={_("Search in paths and types")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <ActionButton
          variant="primary"
          why={unable ?? (chosen.length === 0 ? _("Choose files first.") : undefined)}
          onClick={() => showDialog(<RestoreDialog files={chosen} />)}
        >
          {chosen.length === 0
            ? _("Restore labels")
            : ngettext("Restore $0 label", "Restore $0 labels", chosen.length)}
        </ActionButton>
        <span className="ds-grow" />
        {files.wrong > files.kept && (
          <span className="ds-subtle">
            {format(
              _("$0 are wrong; the first $1 of them are listed."),
              number(files.wrong),
              number(files.kept),
            )}
          </span>
        )}
      </div>
      {files.rows.length === 0 ? (
        <Nothing title={_("No file matches")} icon={SearchIcon} />
      ) : (
        <Table
          label={_("Mislabelled files")}
          columns={columns}
          rows={files.rows}
          keyOf={pathOf}
          stale={stale}
          selection={selection}
        />
      )}
      <ListPages
        label={_("Pages of files")}
        view={view}
        shown={files.rows.length}
        total={files.matching}
        next={files.next}
        sizes={pageSizes}
      />
    </>
  );
}

/** What a check says depends on what it looked at. */
function LookedAt({ report: { places, unknown, policy, seed } }: { report: LabelReportPage }) {
  return (
    <>
      {unknown.length > 0 && (
        <section className="ds-panel ds-stack">
          <h2 className="pf-v6-c-title pf-m-md">{_("What could not be found out")}</h2>
          <ul className="se-names">
            {unknown.map(({ reason, count, example }) => (
              <li key={reason}>
                <Tag color="grey">{number(count)}</Tag> {reason}{" "}
                <code className="se-code">{example}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      {places.length > 0 && (
        <details className="ds-panel se-part">
          <summary>
            <h2 className="pf-v6-c-title pf-m-md">{_("What was looked at")}</h2>
          </summary>
          <div className="ds-stack">
            <p className="ds-subtle">
              {format(_("By the rules in $0; the sample was drawn with $1."), policy, seed)}
            </p>
            <Table
              label={_("Places")}
              columns={placeColumns()}
              rows={places}
              keyOf={({ path }) => path}
            />
          </div>
        </details>
      )}
    </>
  );
}
