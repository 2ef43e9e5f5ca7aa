/** Orders a drill of the node that the page acts on: what happens, for how long and why; another approves. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useState } from "react";
import { cluster } from "../../../agent/cluster/contract.ts";
import {
  type DrillKind,
  type Drills,
  drillKinds,
  drillSpecSchema,
} from "../../../agent/cluster/drill/answers.ts";
import { ask } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { closeDialog } from "../../lib/shown-dialog.ts";
import { kindMeans, kindName } from "./words.ts";

export function OrderDialog({ node: own, nodes }: Pick<Drills, "node" | "nodes">) {
  const [node, setNode] = useState(own);
  const [kind, setKind] = useState<DrillKind>("kill");
  const [length, setLength] = useState("30");
  const [reason, setReason] = useState("");
  const spec = { kind, seconds: length === "" ? Number.NaN : Number(length), reason };
  const problems = {
    seconds: problemOf(drillSpecSchema.entries.seconds, spec.seconds),
    reason: problemOf(drillSpecSchema.entries.reason, reason),
  };
  const isGood = node === own && problems.seconds === "" && problems.reason === "";
  return (
    <Dialog
      title={format(_("Hold a drill of $0?"), own)}
      action={_("Ask to hold it")}
      danger
      invalid={!isGood}
      run={() => ask(() => client(cluster).Drill(own, spec))}
    >
      <SecondPerson />
      <ChoiceField
        label={_("Node that goes away")}
        value={node}
        options={nodes.map((name) => ({ value: name, label: name }))}
        hint={_("each is ordered at the node itself")}
        change={setNode}
      />
      {node === own ? (
        <>
          <ChoiceField
            label={_("What goes away")}
            value={kind}
            options={drillKinds.map((one) => ({ value: one, label: kindName(one) }))}
            change={(one) => setKind(one as DrillKind)}
          />
          <Alert isInline component="h2" variant="warning" title={kindMeans(kind, own)}>
            {_(
              "It comes back by itself, also when the agent ends meanwhile. Every node measures until then.",
            )}
          </Alert>
          <TextField
            label={_("Seconds")}
            type="number"
            required
            value={length}
            problem={problems.seconds}
            hint={_("how long it stays away")}
            change={setLength}
          />
          <TextField
            label={_("Reason")}
            required
            value={reason}
            problem={problems.reason}
            hint={_("for the record")}
            change={setReason}
          />
          {isGood && (
            <div>
              <p className="ds-subtle">{_("The same from the command line:")}</p>
              <Command text={commandOf(cluster, "Drill", [own, spec])} />
            </div>
          )}
        </>
      ) : (
        <p>
          <a href={`#/?node=${node}`} onClick={closeDialog}>
            {format(_("Go to the page of $0, and order it there"), node)}
          </a>
        </p>
      )}
    </Dialog>
  );
}
