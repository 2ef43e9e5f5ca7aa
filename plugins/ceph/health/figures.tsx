/** What the cluster consists of and does now, each with the way to more of it. */
import type { CephHealth } from "../../../agent/ceph/health/answers.ts";
import type { CephReport } from "../../../agent/ceph/link/answers.ts";
import { _, format, ngettext, number, percent, size } from "../../lib/i18n.ts";
import { partAddress } from "../../lib/parts.ts";

export function Counts({ health }: { health: CephHealth }) {
  const { osds, groups, room, pools } = health;
  const topology = partAddress("topology");
  const shown = [
    { title: _("OSDs"), value: number(osds.total), href: topology },
    {
      title: _("OSDs that are down"),
      value: number(osds.total - osds.up),
      href: `${topology}?state=down&state=downAndOut&state=destroyed`,
      alarm: osds.up < osds.total,
    },
    {
      title: _("OSDs that are out"),
      value: number(osds.total - osds.in),
      href: `${topology}?state=out&state=downAndOut`,
      alarm: osds.in < osds.total,
    },
    {
      title: _("placement groups not clean"),
      value: number(groups.total - groups.clean),
      href: topology,
      alarm: groups.clean < groups.total,
    },
    {
      title: _("of all room used"),
      value: room.totalKiB > 0 ? percent(room.usedKiB / room.totalKiB) : _("unknown"),
      href: partAddress("capacity"),
    },
    { title: _("pools"), value: number(pools), href: partAddress("capacity") },
  ];
  return (
    <section className="ds-counts" aria-label={_("The cluster in figures")}>
      {shown.map(({ title, value, href, alarm }) => (
        <a key={title} className={`ds-panel ds-count${alarm ? " ds-count-alarm" : ""}`} href={href}>
          <strong>{value}</strong>
          <span>{title}</span>
        </a>
      ))}
    </section>
  );
}

export function Services({ health, status }: { health: CephHealth; status: CephReport }) {
  const { monitors, manager, fileSystems, standbyMds, versions, mixedVersions, flags } = health;
  const { knocks } = status;
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Services")}</h2>
      <dl className="ds-facts">
        <dt>{_("Monitors")}</dt>
        <dd>
          {format(
            _("$0 of $1 in quorum: $2"),
            number(monitors.quorum.length),
            number(monitors.total),
            monitors.quorum.join(", "),
          )}
          {monitors.missing.length > 0 && (
            <div className="ds-bad">{format(_("missing: $0"), monitors.missing.join(", "))}</div>
          )}
        </dd>
        <dt>{_("Manager")}</dt>
        <dd>
          {manager.active
            ? format(_("$0, $1 standing by"), manager.active, number(manager.standbys))
            : _("none")}
          {manager.problem && <div className="ds-bad">{manager.problem}</div>}
        </dd>
        <dt>{_("File systems")}</dt>
        <dd>
          {fileSystems.length === 0 && _("none")}
          {fileSystems.map(({ name, wanted, active }) => (
            <div key={name} className={active.length < wanted ? "ds-bad" : ""}>
              {format(
                _("$0: $1 of $2 metadata servers active, $3 standing by"),
                name,
                number(active.length),
                number(wanted),
                number(standbyMds),
              )}
            </div>
          ))}
        </dd>
        <dt>{_("Answering this node")}</dt>
        <dd>
          {knocks.tried === 0
            ? _("not tried yet")
            : format(
                _("$0 of $1 that were tried, of $2 daemons"),
                ...[knocks.answering, knocks.tried, knocks.daemons].map((value) => number(value)),
              )}
        </dd>
        <dt>{_("Versions")}</dt>
        <dd>
          {versions.map(({ kind, version, daemons }) => (
            <div key={`${kind} ${version}`}>
              {format(_("$0 $1 ($2)"), kind, version, number(daemons))}
            </div>
          ))}
          {mixedVersions && <div className="ds-bad">{_("They differ; finish the upgrade.")}</div>}
        </dd>
        <dt>{_("Flags")}</dt>
        <dd>
          {flags.length === 0 && _("none that keeps it from repairing itself")}
          {flags.map(({ flag, means }) => (
            <div key={flag}>
              <strong>{flag}</strong> {means}
            </div>
          ))}
        </dd>
        <dt>{_("Cluster")}</dt>
        <dd className="ce-code">{status.fsid || _("unknown")}</dd>
      </dl>
    </section>
  );
}

export function Recovery({
  health: { recovery, scrub, progress, groups },
}: {
  health: CephHealth;
}) {
  const { degraded, misplaced, copies, unfound, kibPerSecond } = recovery;
  const counted = degraded === 0 && misplaced === 0 && unfound === 0;
  // A placement group that is not clean, or not known, may miss copies that nobody counts.
  const idle = counted && groups.clean === groups.total;
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Recovery and scrubs")}</h2>
      {idle && <p>{_("Every copy of every object is where it should be.")}</p>}
      {degraded > 0 && (
        <p>{format(_("$0 of $1 copies are missing."), number(degraded), number(copies))}</p>
      )}
      {misplaced > 0 && (
        <p>
          {format(
            _("$0 of $1 copies are not where they should be."),
            number(misplaced),
            number(copies),
          )}
        </p>
      )}
      {unfound > 0 && (
        <p className="ds-bad">
          {ngettext(
            "$0 object is nowhere to be found.",
            "$0 objects are nowhere to be found.",
            unfound,
          )}
        </p>
      )}
      {kibPerSecond > 0 && <p>{format(_("$0 a second are copied."), size(kibPerSecond))}</p>}
      {progress.map(({ what, percent: done }) => (
        <div key={what}>
          <p>{format(_("$0: $1"), what, percent(done / 100))}</p>
          <div className="ds-progress" role="progressbar" aria-label={what} aria-valuenow={done}>
            <div style={{ inlineSize: `${done}%` }} />
          </div>
        </div>
      ))}
      <dl className="ds-facts">
        <dt>{_("Placement groups")}</dt>
        <dd>
          {groups.states.length === 0 && _("none")}
          {groups.states.map(({ state, count }) => (
            <div key={state}>
              {number(count)} <span className="ce-code">{state}</span>
            </div>
          ))}
        </dd>
        <dt>{_("Scrubs")}</dt>
        <dd>
          {scrub.running === 0
            ? _("none runs now")
            : format(_("$0 run now, $1 of them deep"), number(scrub.running), number(scrub.deep))}
        </dd>
      </dl>
    </section>
  );
}
