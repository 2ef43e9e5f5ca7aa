/** What is wrong with tokens and keys, as the newest comparison with the tokens found it. */
import { hsm } from "../../agent/hsm/contract.ts";
import type { Alarm, HsmStatus } from "../../agent/hsm/watch/answers.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { client, listen } from "../lib/client.ts";
import { toPageError } from "../lib/errors.ts";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, ngettext, number, relativeTime } from "../lib/i18n.ts";
import { useJobs, watchJob } from "../lib/jobs.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { toast } from "../lib/toasts.tsx";
import { keyAddress } from "./keys/view.ts";
import { partAddress } from "./part.ts";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);

export function StatusPanel() {
  const query = useQuery("status", () => client(hsm).Status(), { every: everyMs, changes });
  const { data, error } = query;
  if (!data) {
    return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={3} />;
  }
  return (
    <>
      <Stale error={error} />
      <Counts status={data} />
      <Alarms status={data} />
    </>
  );
}

function Counts({ status: { tokens, keys, certificates } }: { status: HsmStatus }) {
  const ready = tokens.states.ready ?? 0;
  const tokensAt = partAddress("tokens");
  const keysAt = partAddress("keys");
  const shown = [
    { title: _("tokens"), value: tokens.total, href: tokensAt },
    {
      title: _("tokens that do not work"),
      value: tokens.total - ready,
      href: `${tokensAt}?troubled=yes`,
      alarm: true,
    },
    { title: _("keys"), value: keys.total, href: keysAt },
    {
      title: _("keys that must not be used"),
      value: keys.frozen,
      href: `${keysAt}?troubled=yes`,
      alarm: true,
    },
    { title: _("keys to be destroyed"), value: keys.waiting, href: `${keysAt}?troubled=yes` },
    ...(certificates && certificates.authorities > 0
      ? [
          {
            title: _("certificates that end soon"),
            value: certificates.expiring,
            href: `${partAddress("certificates")}?state=expiring`,
            alarm: true,
          },
        ]
      : []),
  ];
  return (
    <section className="ds-counts" aria-label={_("Tokens and keys")}>
      {shown.map(({ title, value, href, alarm }) => (
        <a
          key={title}
          className={`ds-panel ds-count${alarm && value > 0 ? " ds-count-alarm" : ""}`}
          href={href}
        >
          <strong>{number(value)}</strong>
          <span>{title}</span>
        </a>
      ))}
    </section>
  );
}

async function compare(): Promise<void> {
  try {
    await watchJob(await client(hsm).Reconcile());
  } catch (cause) {
    toast("danger", _("The comparison could not be started"), toPageError(cause).message);
  }
}

function Compare({ compared }: { compared: HsmStatus["compared"] }) {
  const { why } = useAccess();
  const jobs = useJobs().records;
  const running =
    compared.state === "running" ||
    jobs.some(({ kind, state }) => kind === "hsm.Reconcile" && state === "running");
  return (
    <div className="ds-job-head">
      <h2 className="pf-v6-c-title pf-m-md">{_("Records against tokens")}</h2>
      <span className="ds-grow" />
      <ActionButton
        variant="secondary"
        size="sm"
        why={why(hsm, "keys") ?? (running ? _("They are being compared.") : undefined)}
        onClick={compare}
      >
        {_("Compare now")}
      </ActionButton>
    </div>
  );
}

function comparedWords({ state, at, error }: HsmStatus["compared"]): string {
  const when = at && format(_("$0, $1"), dateTime(at), relativeTime(at));
  const words = {
    never: _("They were not compared yet; what is in the tokens is unknown."),
    running: _("They are being compared."),
    done: format(_("Compared $0."), when),
    failed: format(_("The comparison failed: $0"), error),
  };
  return words[state];
}

function Alarms({ status: { compared, alarms, alarmCount, problems } }: { status: HsmStatus }) {
  const known = new Set(alarms.map(({ what }) => what));
  const others = problems.filter((problem) => !known.has(problem));
  return (
    <section className="ds-panel ds-stack" data-alarms={alarmCount}>
      <Compare compared={compared} />
      <p className={compared.state === "failed" ? "ds-bad" : ""}>{comparedWords(compared)}</p>
      {compared.state === "done" && compared.error !== "" && (
        <p className="ds-bad">{format(_("Not all could be looked at: $0"), compared.error)}</p>
      )}
      {compared.state === "done" && compared.error === "" && alarmCount === 0 && (
        <p>{_("Every key on record was in its token then, as its record says, and no other.")}</p>
      )}
      {alarms.length > 0 && (
        <div role="alert">
          <ul className="hsm-trouble ds-stack">
            {alarms.slice(0, 20).map((alarm) => (
              <AlarmLine key={`${alarm.kind} ${alarm.token} ${alarm.key}`} alarm={alarm} />
            ))}
          </ul>
        </div>
      )}
      {alarmCount > 20 && (
        <p>{ngettext("There is $0 in all.", "There are $0 in all.", alarmCount)}</p>
      )}
      {others.map((problem) => (
        <p key={problem} className="ds-bad">
          {problem}
        </p>
      ))}
    </section>
  );
}

function AlarmLine({ alarm }: { alarm: Alarm }) {
  const { token, tenant, key, what, since } = alarm;
  const tokenAt = `${partAddress("tokens")}?text=${encodeURIComponent(token)}`;
  return (
    <li>
      {token === "" ? (
        <strong>{_("This node")}</strong>
      ) : (
        <a className="ds-name" href={key && tenant ? keyAddress(tenant, key) : tokenAt}>
          {key ? `${token} · ${key}` : token}
        </a>
      )}{" "}
      <span className="ds-subtle">{format(_("since $0"), dateTime(since))}</span>
      <p>{what}</p>
    </li>
  );
}
