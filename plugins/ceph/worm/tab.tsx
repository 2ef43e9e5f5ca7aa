/** What WORM volumes hold until when, and what somebody with more than their keys could still do. */
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { Retention } from "../../../agent/ceph/objects/retention/answers.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { readList, toggle } from "../../lib/list.ts";
import { adjust, first } from "../../lib/location.ts";
import { Failure, Loading, NoMatch, Nothing, Stale } from "../../lib/states.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import type { Part, PartProps } from "../part.ts";
import { changes } from "../volumes/changes.ts";
import { Buckets } from "./buckets.tsx";
import { CalendarTable, SnapshotCalendar } from "./calendar.tsx";
import { Files } from "./files.tsx";
import { LogPanel } from "./log.tsx";
import { amountWords, calendarOf } from "./words.ts";

/** Buckets are looked at behind the answer, so it is asked again soon. */
const everyMs = 10_000;
const sizes = [100];

function WormTab({ place }: PartProps) {
  const tenant = first(place, "tenant").slice(0, 100);
  const view = useMemo(() => readList(place, sizes), [place]);
  const query = useQuery(tenant, () => client(ceph).Retention({ tenant, volume: "" }), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  const { buckets, files } = data;
  const isEmpty = buckets.length + files.length === 0;
  const shown = { open: view.open, toggle: (key: string) => toggle(view, key) };
  return (
    <div className="ds-stack">
      <Stale error={error} />
      {isEmpty && tenant === "" ? (
        <section className="ds-panel">
          <Nothing title={_("No WORM volume yet")} icon={LockIcon}>
            {_(
              "What is written into a WORM bucket can be neither changed nor deleted over S3 until its days are over. Of a WORM file volume snapshots are kept, which is less. Make a volume with WORM.",
            )}
          </Nothing>
        </section>
      ) : (
        <>
          <div className="ds-toolbar">
            <TenantFilterField
              label={_("Tenant")}
              tenant={tenant}
              change={(name) => adjust({ tenant: [name], open: [] })}
            />
          </div>
          {isEmpty ? (
            <NoMatch
              title={_("It has no WORM volume")}
              clear={() => adjust({ tenant: [], open: [] })}
            />
          ) : (
            <>
              {buckets.length > 0 && <Together buckets={buckets} />}
              {files.length > 0 && (
                <section className="ds-panel ds-stack" data-snapshots={files.length}>
                  <h2 className="pf-v6-c-title pf-m-md">{_("Which snapshots are over when")}</h2>
                  <SnapshotCalendar files={files} />
                </section>
              )}
              {buckets.length > 0 && <Buckets buckets={buckets} {...shown} />}
              {files.length > 0 && <Files files={files} {...shown} />}
            </>
          )}
        </>
      )}
      <LogPanel log={data.log} />
      <Limits
        kind="buckets"
        title={_("What somebody with more than a bucket’s key could still do")}
        intro={_(
          "WORM is a promise of the gateways: over S3 neither the owner nor an administrator of a bucket can break it. These can, and this shows it:",
        )}
        sentences={data.adminCan}
      />
      <Limits
        kind="files"
        title={_("What snapshots of file volumes do not hold")}
        intro={_(
          "CephFS has no WORM. Snapshots are the strongest it has, and they are less than what a bucket holds:",
        )}
        sentences={data.snapshotsCannot}
      />
    </div>
  );
}

function Together({ buckets }: { buckets: Retention["buckets"] }) {
  const { until, free, endable, legal, lost, partly } = calendarOf(buckets);
  return (
    <section className="ds-panel ds-stack" data-calendar={until.length}>
      <h2 className="pf-v6-c-title pf-m-md">{_("What can be deleted when")}</h2>
      {partly > 0 && (
        <p className="ds-bad" role="alert">
          {ngettext(
            "Of $0 bucket not everything was looked at: more may be held than is said here.",
            "Of $0 buckets not everything was looked at: more may be held than is said here.",
            partly,
          )}
        </p>
      )}
      {lost > 0 && (
        <p className="ds-bad" role="alert">
          {ngettext(
            "$0 version is listed and its data is gone: somebody removed it past S3.",
            "$0 versions are listed and their data is gone: somebody removed it past S3.",
            lost,
          )}
        </p>
      )}
      <CalendarTable label={_("What can be deleted when")} until={until} />
      <p className="ds-subtle">
        {format(_("Can be deleted now: $0."), amountWords(free))}{" "}
        {format(_("Held, and the key itself can end it: $0."), amountWords(endable))}{" "}
        {format(_("Held until somebody allows it: $0."), amountWords(legal))}
      </p>
    </section>
  );
}

interface LimitsProps {
  kind: string;
  title: string;
  intro: string;
  sentences: readonly string[];
}

function Limits({ kind, title, intro, sentences }: LimitsProps) {
  return (
    <section className="ds-panel ds-stack" data-limits={kind}>
      <h2 className="pf-v6-c-title pf-m-md">{title}</h2>
      <p>{intro}</p>
      <ul className="ce-sentences">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
}

export const worm: Part = {
  key: "worm",
  title: () => _("WORM"),
  help: () => ({
    text: _(
      "Each object in a WORM bucket has a day before which S3 refuses to delete or change it, in compliance mode. Of a WORM file volume the agent takes read-only snapshots, and keeps each until its day: that is less. The agent lists what is held until when, and says what it did not look at.",
    ),
    commands: [
      commandOf(ceph, "Retention", [{}]),
      "dsecos ceph create-volume TENANT --name NAME --kind object --size 10GiB --worm --retention 365",
      commandOf(ceph, "Snapshots", ["TENANT", "NAME"]),
    ],
  }),
  Body: WormTab,
};
