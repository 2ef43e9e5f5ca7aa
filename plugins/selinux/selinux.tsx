/** Whether the kernel keeps tenants apart: how it runs, what is proved, and what the rules say. */
import { selinux } from "../../agent/selinux/contract.ts";
import { Approvals } from "../lib/approvals.tsx";
import { client, listen } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Frame } from "../lib/frame.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useConnection, useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { usePlace } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Tabs } from "../lib/tabs.tsx";
import { earlyStatus } from "./early.ts";
import { Mode } from "./mode.tsx";
import { ProofTab } from "./proof.tsx";
import { ProveNow } from "./prove-now.tsx";
import { Verdict } from "./verdict.tsx";
import { tabAddress } from "./view.ts";
import { WhyTab } from "./why.tsx";

/** The signal tells of proofs only; mode and policy may change without one. */
const everyMs = 15_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);

export function Selinux() {
  const place = usePlace();
  const query = useQuery("status", () => client(selinux).Show(), {
    ...{ every: everyMs, changes, first: earlyStatus },
  });
  const lost = useConnection() === "lost";
  const { data, error } = query;
  if (!data) {
    return (
      <Frame title={_("SELinux")} beside={<Help />}>
        {error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={6} />}
      </Frame>
    );
  }
  const { mode, proof } = data;
  const inactive = data.current === null;
  const tabs = [
    { key: "proof", title: _("Proof"), body: <ProofTab proof={proof} inactive={inactive} /> },
    { key: "mode", title: _("Mode"), body: <Mode facts={mode} /> },
    { key: "why", title: _("Explain access"), body: <WhyTab place={place} inactive={inactive} /> },
  ];
  return (
    <Frame title={_("SELinux")} beside={<Help />}>
      <Approvals />
      <Stale error={error} />
      <Verdict status={data} stale={lost || error !== undefined}>
        <ProveNow />
      </Verdict>
      <Tabs
        label={_("Parts of SELinux")}
        tabs={tabs}
        // Without a policy the mode says what is missing.
        active={place.path[0] ?? (inactive ? "mode" : "proof")}
        addressOf={tabAddress}
      />
    </Frame>
  );
}

function Help() {
  return (
    <CommandHelp
      label={_("About SELinux")}
      text={_(
        "Each tenant has types of its own in the kernel’s policy. The agent reads the policy that the kernel has loaded and proves from its rules that no tenant reaches another: with every policy that is loaded, and every hour. You need not believe it: the same proof runs on any machine.",
      )}
      commands={[
        commandOf(selinux, "Show", []),
        commandOf(selinux, "Prove", []),
        commandOf(selinux, "Why", ["tenant0001_t", "tenant0002_vol_t", "file"]),
      ]}
    />
  );
}
