/** The choice of a node, and what is wrong with the one that was chosen. */
import { verdictName } from "../assurance.tsx";
import { ChoiceMenu } from "../choice.tsx";
import { connectionProblem, onSignal } from "../connection.ts";
import { Command } from "../help.tsx";
import { useConnection, useQuery } from "../hooks.ts";
import { chooseNode, chosenNode } from "../host.ts";
import { _, format } from "../i18n.ts";
import { clusterName, type Nodes, ownNodes } from "./own.ts";
import { troubleOf } from "./trouble.ts";

/** The signal tells all but what went silent, and comes from the node that the page speaks to. */
const everyMs = 30_000;
const changes = (changed: () => void) => onSignal(clusterName, changed);

const useNodes = () => useQuery("nodes", ownNodes, { every: everyMs, changes });

/** Nothing where a node is all of its cluster, or nobody knows; never without a way back. */
export function Picker() {
  const { data } = useNodes();
  if (!data || data.nodes.length < 2) return null;
  const chosen = chosenNode() || data.node;
  return (
    <ChoiceMenu
      label={_("Node")}
      value={chosen}
      options={options(data, chosen)}
      change={(node) => chooseNode(node === data.node ? "" : node)}
    />
  );
}

/** Names with numbers in the order of the numbers: node2 before node10. */
const names = new Intl.Collator("en", { numeric: true });

function options({ nodes, node: own }: Nodes, chosen: string): [string, string][] {
  const sorted = [...nodes].sort((one, other) => names.compare(one.name, other.name));
  const named = sorted.map((node): [string, string] => [node.name, wordsOf(node, own)]);
  const isKnown = named.some(([name]) => name === chosen);
  return isKnown ? named : [[chosen, format(_("$0 (no such node)"), chosen)], ...named];
}

function wordsOf({ name, verdict, state }: Nodes["nodes"][number], own: string): string {
  if (name === own) return format(_("$0 (you are logged in here)"), name);
  if (state === "silent" || state === "none") return format(_("$0 (not heard of)"), name);
  return verdict === "good" ? name : format(_("$0 ($1)"), name, verdictName(verdict));
}

/** What else is said where the page speaks to another node. */
export function Band() {
  const { data } = useNodes();
  const isLost = useConnection() === "lost";
  const node = chosenNode();
  const other = data?.nodes.find(({ name }) => name === node)?.facts?.versions.agent;
  const own = data?.nodes.find(({ name }) => name === data.node)?.facts?.versions.agent;
  const differs = other !== undefined && own !== undefined && other !== own;
  return (
    <>
      {data && format(_("You are logged in on $0."), data.node)}{" "}
      <button type="button" className="ds-banner-button" onClick={() => chooseNode("")}>
        {data ? format(_("Back to $0"), data.node) : _("Back")}
      </button>
      {differs && (
        <p>
          {format(
            _(
              "Its DsecOS is $0 and that of these pages $1: some of it may not work. Bring both to one version.",
            ),
            other,
            own,
          )}
        </p>
      )}
      <div role="status">{isLost && <Trouble node={node} />}</div>
    </>
  );
}

function Trouble({ node }: { node: string }) {
  const { text, commands } = troubleOf(connectionProblem(), node);
  return (
    <div className="ds-banner-trouble ds-stack">
      <p>{text}</p>
      {commands.map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}
