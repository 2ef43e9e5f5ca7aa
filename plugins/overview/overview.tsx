/** This node in one picture: health, load, engines, what can be relied on, and what happens. */
import { audit } from "../../agent/audit/contract.ts";
import { hsm } from "../../agent/hsm/contract.ts";
import { node } from "../../agent/node/contract.ts";
import { selinux } from "../../agent/selinux/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Acts } from "./acts.tsx";
import { Assurance } from "./assurance.tsx";
import { Counts } from "./counts.tsx";
import { Engines } from "./engines.tsx";
import { Firewall } from "./firewall/late.tsx";
import { Load } from "./load.tsx";
import { Machine } from "./machine.tsx";
import { RecentJobs } from "./recent-jobs.tsx";

const everyMs = 5000;
/** Whose requests are carried out here. */
const contracts = [audit, hsm, node, selinux, tenants];

export function Overview() {
  const query = useQuery("node", () => client(node).Show(), { every: everyMs });
  const { data, error } = query;
  return (
    <Frame
      title={_("DsecOS overview")}
      beside={
        <CommandHelp
          label={_("About this page")}
          text={_(
            "Every verdict here comes from a check that ran, with its facts and the command to run it yourself. What could not be checked is unknown, never good.",
          )}
          commands={[commandOf(node, "Show", []), commandOf(node, "Check", [])]}
        />
      }
    >
      <Approvals own={contracts} />
      {data ? (
        <>
          <Stale error={error} />
          <Counts />
          <div className="ds-panels">
            <Load status={data} />
            <Machine status={data} />
          </div>
          <Engines engines={data.engines} />
          <Assurance checks={data.assurance} />
          <Firewall />
          <div className="ds-panels">
            <RecentJobs />
            <Acts />
          </div>
        </>
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}
