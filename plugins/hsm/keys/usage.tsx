/** How often a key was used, day by day. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { Usage } from "../../../agent/hsm/statement/members.ts";
import { Chart } from "../../lib/chart.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { Failure, Loading } from "../../lib/states.tsx";

const days = 31;
const dayMs = 86_400_000;
const everyMs = 60_000;

/** Uses of all kinds on each day, and how often each kind occurred in all, most often first. */
export function sumsOf(usage: Pick<Usage, "days">) {
  const kinds = new Map<string, number>();
  const perDay = usage.days.map(({ day, uses }) => {
    let value = 0;
    for (const [kind, count] of Object.entries(uses)) {
      value += count;
      kinds.set(kind, (kinds.get(kind) ?? 0) + count);
    }
    return { at: Date.parse(day), value };
  });
  return {
    perDay,
    total: perDay.reduce((sum, { value }) => sum + value, 0),
    kinds: [...kinds].sort(([, one], [, other]) => other - one),
  };
}

export function UsePanel({ tenant, name }: { tenant: string; name: string }) {
  const query = useQuery(`usage ${tenant}/${name}`, () => client(hsm).Usage(tenant, name, days), {
    every: everyMs,
  });
  const { data, error } = query;
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Use of the last 31 days")}</h2>
      {data ? (
        <Shown usage={data} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading rows={2} />
      )}
      <Command text={commandOf(hsm, "Usage", [tenant, name, days])} />
    </section>
  );
}

function Shown({ usage }: { usage: Usage }) {
  const { perDay, total, kinds } = sumsOf(usage);
  const top = Math.max(1, ...perDay.map(({ value }) => value));
  const today = perDay.at(-1)?.value ?? 0;
  return (
    <>
      {total === 0 ? (
        <p>{_("It was not used in these days, as the driver’s counter says.")}</p>
      ) : (
        <>
          <Chart
            title={_("Uses on each day")}
            now={format(_("$0 today"), number(today))}
            points={perDay}
            span={days * dayMs}
            top={top}
          />
          <p>
            {ngettext("$0 use", "$0 uses", total)}:{" "}
            {kinds.map(([kind, count]) => `${kind} ${number(count)}`).join(", ")}
          </p>
        </>
      )}
      {usage.unknown && <p className="ds-bad">{usage.unknown}</p>}
    </>
  );
}
