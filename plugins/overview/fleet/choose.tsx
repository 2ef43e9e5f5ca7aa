/** Dialog that asks which work is done at which nodes. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useState } from "react";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { CheckField, ChoiceField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { type Nodes, ownNodes } from "../../lib/nodes/own.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { Running } from "./running.tsx";
import { works } from "./work.ts";
import "./fleet.css";

/** Names with numbers in the order of the numbers: node2 before node10. */
const names = new Intl.Collator("en", { numeric: true });

export function ActOnNodes() {
  const { data, error, refresh } = useQuery("nodes", ownNodes);
  if (data) return <Choose known={data} />;
  return (
    <Dialog title={_("Act on several nodes")}>
      {error ? <Failure error={error} retry={refresh} /> : <Loading />}
    </Dialog>
  );
}

function Choose({ known }: { known: Nodes }) {
  const all = known.nodes
    // “localhost” is what Cockpit takes for the node of the login.
    .filter(({ name }) => name !== "localhost")
    .sort((one, other) => names.compare(one.name, other.name));
  const heard = all.filter(({ state }) => state === "own" || state === "fresh");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(heard.map(({ name }) => name)),
  );
  const [key, setKey] = useState("check");
  const offered = works();
  const work = offered.find((one) => one.key === key) ?? offered[0];
  const toggle = (name: string, isIn: boolean) => {
    const next = new Set(chosen);
    if (isIn) next.add(name);
    else next.delete(name);
    setChosen(next);
  };
  const nodes = all.map(({ name }) => name).filter((name) => chosen.has(name));
  return (
    <Dialog
      title={_("Act on several nodes")}
      action={_("Begin")}
      invalid={nodes.length === 0}
      run={async () => showDialog(<Running work={work} nodes={nodes} known={known} />)}
    >
      <ChoiceField
        label={_("What to do")}
        value={work.key}
        options={offered.map((one) => ({ value: one.key, label: one.label }))}
        hint={_("Each node is asked under your name, as its own records and groups have it.")}
        change={setKey}
      />
      <p className="ds-subtle">{_("The command that does the same at one node:")}</p>
      <Command text={work.command} />
      <fieldset className="ov-nodes-chosen">
        <legend>{_("At which nodes")}</legend>
        <div className="ds-toolbar">
          <Button
            variant="link"
            isInline
            onClick={() => setChosen(new Set(all.map(({ name }) => name)))}
          >
            {_("All")}
          </Button>
          <Button variant="link" isInline onClick={() => setChosen(new Set())}>
            {_("None")}
          </Button>
        </div>
        <div className="ov-nodes-list">
          {all.map((one) => (
            <CheckField
              key={one.name}
              label={heard.includes(one) ? one.name : format(_("$0 (not heard of)"), one.name)}
              value={chosen.has(one.name)}
              change={(isIn) => toggle(one.name, isIn)}
            />
          ))}
        </div>
      </fieldset>
    </Dialog>
  );
}
