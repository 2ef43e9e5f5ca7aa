/** One drill: who measured what, who told nothing, and where it is on record. */
import type { Drills } from "../../../agent/cluster/drill/answers.ts";
import { serviceClasses } from "../../../agent/cluster/drill/answers.ts";
import { _, format, number } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { duration, serviceName } from "./words.ts";

type Filed = Drills["drills"][number];
type Measured = Filed["nodes"][number];

/** Null where nobody could ask. */
export function gapWords(ms: number | null): string {
  return ms === null ? "–" : duration(ms);
}

export function DrillDetails({ drill }: { drill: Filed }) {
  const { error, missing, nodes, sequence } = drill;
  return (
    <div className="ds-stack">
      {error !== "" && <p className="ds-bad">{error}</p>}
      {missing.length > 0 && (
        <p>{format(_("Told nothing of what they saw: $0."), missing.join(", "))}</p>
      )}
      {nodes.length > 0 && (
        <Table
          label={_("The longest time without an answer at each node")}
          columns={columns(drill)}
          rows={nodes}
          keyOf={({ node }) => node}
        />
      )}
      <p className="ds-subtle">
        {nodes.length > 0 &&
          _("“–” is what no node could ask: nothing of it runs there, or others asked.")}{" "}
        {format(_("It was to stay away for $0 s."), number(drill.seconds))}{" "}
        {drill.leader && _("It led the cluster’s database.")} {format(_("Job $0."), drill.id)}
      </p>
      <p>
        <PageLink page="audit" at={`event/${sequence}`}>
          {format(_("On record as event $0"), number(sequence))}
        </PageLink>
      </p>
    </div>
  );
}

function columns({ node: away }: Filed): Column<Measured>[] {
  return [
    {
      key: "node",
      title: _("Node"),
      render: ({ node }) => (
        <>
          <strong className="ov-name">{node}</strong> {node === away && _("(was away)")}
        </>
      ),
    },
    ...serviceClasses.map((service) => ({
      key: service,
      title: serviceName(service),
      end: true,
      render: (one: Measured) => gapWords(one[service]),
    })),
  ];
}
