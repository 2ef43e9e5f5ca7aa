/** Daemons that do not answer this node, on every tab: the cluster itself notices some of them late. */
import type { Knocks, SilentDaemon } from "../../../agent/ceph/daemons/answers.ts";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format, ngettext, relativeTime } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";

/** A site that is lost takes many with it: these are told in full, and the others by name. */
const mostInFull = 3;

export function Silent({ knocks: { silent } }: { knocks: Knocks }) {
  if (silent.length === 0) return null;
  const title = ngettext(
    "$0 daemon of the cluster does not answer",
    "$0 daemons of the cluster do not answer",
    silent.length,
  );
  const others = silent.slice(mostInFull);
  return (
    <section className="ds-panel ds-stack ce-verdict ce-bad" role="alert" aria-label={title}>
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color="red">{_("bad")}</Tag> {title}
      </h2>
      {silent.slice(0, mostInFull).map((daemon) => (
        <Daemon key={daemon.daemon} silent={daemon} />
      ))}
      {others.length > 0 && (
        <p>{format(_("The others are: $0"), others.map(({ title: name }) => name).join(", "))}</p>
      )}
    </section>
  );
}

function Daemon({ silent }: { silent: SilentDaemon }) {
  const { daemon, host, since, title, cause, risk, remedy, command } = silent;
  return (
    <article className="ds-stack" data-silent={daemon} data-how={silent.how}>
      <h3 className="ce-subtitle">
        {title} {host && <span className="ds-subtle">{format(_("on $0"), host)}</span>}
      </h3>
      <dl className="ds-facts">
        <dt>{_("Cause")}</dt>
        <dd>{cause}</dd>
        <dt>{_("Risk")}</dt>
        <dd>{risk}</dd>
        <dt>{_("What to do")}</dt>
        <dd>{remedy}</dd>
        <dt>{_("Since")}</dt>
        <dd>{format(_("$0, $1"), dateTime(since), relativeTime(since))}</dd>
      </dl>
      <Command text={command} />
    </article>
  );
}
