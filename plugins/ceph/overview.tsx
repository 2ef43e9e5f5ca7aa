/** How the cluster is, what is wrong with it and what to do. */
import { ceph } from "../../agent/ceph/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { useConnection, useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Windows } from "./actions/flags.tsx";
import { changes } from "./changes.ts";
import { Codes } from "./health/codes.tsx";
import { Counts, Recovery, Services } from "./health/figures.tsx";
import { Verdict } from "./health/verdict.tsx";
import type { Part, PartProps } from "./part.ts";
import { ResidencyPanel } from "./residency/panel.tsx";

const everyMs = 5000;

function OverviewTab({ status }: PartProps) {
  const query = useQuery("health", () => client(ceph).Health(), { every: everyMs, changes });
  const lost = useConnection() === "lost";
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <Verdict
        health={data}
        silent={status.knocks.silent.length}
        stale={lost || error !== undefined}
      />
      <Windows whole={false} />
      <ResidencyPanel stale={lost} />
      <Codes checks={data.checks} />
      <Counts health={data} />
      <div className="ds-panels">
        <Services health={data} status={status} />
        <Recovery health={data} />
      </div>
    </div>
  );
}

export const overview: Part = {
  key: "overview",
  title: () => _("Overview"),
  help: () => ({
    text: _(
      "What the monitors say of the cluster, each code with its cause, its risk and what to do. The agent reads over one connection and changes nothing.",
    ),
    commands: [commandOf(ceph, "Health", []), "ceph health detail", "ceph status"],
  }),
  Body: OverviewTab,
};
