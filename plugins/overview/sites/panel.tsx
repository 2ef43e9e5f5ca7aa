/** Where everything stands by the signed map, and what flows between jurisdictions. */

import type { HeldMap } from "../../../agent/ceph/residency/map/answers.ts";
import { cluster } from "../../../agent/cluster/contract.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { toPageError } from "../../lib/errors.ts";
import { Command, CommandHelp } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { judge } from "../../lib/residency.ts";
import { VerdictTag } from "../cluster/words.tsx";
import { Boxes } from "./boxes.tsx";
import { Exits, Flows } from "./lanes.tsx";
import { siteMap } from "./view.ts";

const everyMs = 30_000;
const ownCommands = ["residency-map", "residency", "pools"].map((verb) => `dsecos ceph ${verb}`);
const helpCommands = [...ownCommands, "dsecos hsm get-drivers"];
/** What a map needs to hold. */
const mapCommands = [
  "dsecos ceph sign-map --map draft.json --key signer.pem",
  "dsecos ceph residency-map",
];

/** Only where a map is believed the others are asked; each answers or fails for itself. */
async function load() {
  const { askCeph, askMap } = await import("./ask.ts");
  const held = await askMap();
  if (held.map === null) return { held };
  const { askDrivers } = await import("./drivers.ts");
  const [[residency, tree, pools], [drivers, status]] = await Promise.all([
    askCeph(),
    Promise.allSettled([askDrivers(), client(cluster).Status()]),
  ]);
  return { held, map: held.map, residency, tree, pools, drivers, status };
}

type Answers = Awaited<ReturnType<typeof load>>;
type MappedAnswers = Exclude<Answers, { map?: undefined }>;

export function SitesPanel() {
  const query = useQuery("sites", load, { every: everyMs });
  return (
    <section className="ds-panel ds-stack" aria-labelledby="ov-sites">
      <div className="ds-job-head">
        <h2 id="ov-sites" className="pf-v6-c-title pf-m-md">
          {_("Sites and jurisdictions")}
        </h2>
        <CommandHelp
          label={_("About sites and jurisdictions")}
          text={_(
            "A host stands in a jurisdiction only where the signed map says so of every bucket above it. What is drawn as good was proved of the cluster as it is; what was not proved is unknown. Whether a host really stands where its bucket says, no proof can tell.",
          )}
          commands={helpCommands}
        />
        <span className="ds-grow" />
        <PageLink page="ceph">{_("Storage and its proof")}</PageLink>
      </div>
      <Answered query={query}>
        {(answers) =>
          answers.map ? (
            <Mapped answers={answers} stale={query.error !== undefined} />
          ) : (
            <NoMap held={answers.held} />
          )
        }
      </Answered>
    </section>
  );
}

function NoMap({ held: { state, error } }: { held: HeldMap }) {
  return (
    <div className="ds-stack" data-sites={state}>
      <p>
        <VerdictTag verdict={state === "refused" ? "bad" : "unknown"} />{" "}
        {state === "refused"
          ? format(_("The map of jurisdictions that is there does not hold: $0"), error)
          : _(
              "Nobody signed where things stand, so nothing is drawn here: nothing of it would be proven.",
            )}
      </p>
      <p>
        {_(
          "Have a map signed that names the buckets of each jurisdiction, and let it hold on the page of storage, with a second person.",
        )}{" "}
        <PageLink page="ceph">{_("To the page of storage")}</PageLink>
      </p>
      {mapCommands.map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}

function Mapped({ answers, stale }: { answers: MappedAnswers; stale: boolean }) {
  const { map, residency, tree, pools, drivers, status } = answers;
  const [proof, hosts, rules] = [settledValue(residency), settledValue(tree), settledValue(pools)];
  const { jurisdictions, doubts } = siteMap({
    ...{ map, nodes: settledValue(status)?.nodes, drivers: settledValue(drivers)?.rows },
    tree: hosts && { rows: hosts.rows, osds: hosts.sums.osds, whole: hosts.next === "" },
  });
  const isOld = stale || proof === undefined;
  return (
    <div className="ds-stack" data-sites="believed">
      {proof && <Judged {...judge(proof, isOld)} />}
      <Missing
        failures={[
          [_("what was proved"), residency],
          [_("where hosts stand"), tree],
          [_("what pools do"), pools],
          [_("where keys are"), drivers],
          [_("how nodes are"), status],
        ]}
        told={[...(hosts?.missing ?? []), ...(rules?.missing ?? [])]}
      />
      {[hosts, rules].some((page) => page?.next) && (
        <p role="status">
          {_("There are more hosts or pools than 1,000; the others are not drawn.")}
        </p>
      )}
      <Boxes
        jurisdictions={jurisdictions}
        known={{ hosts: hosts !== undefined, nodes: settledValue(status) !== undefined }}
      />
      {doubts.length > 0 && (
        <ul className="ov-findings" data-doubts={doubts.length}>
          {doubts.map((doubt) => (
            <li key={doubt}>
              <VerdictTag verdict="unknown" />
              <span>{doubt}</span>
            </li>
          ))}
        </ul>
      )}
      {rules && (
        <Flows
          pools={rules.rows}
          jurisdictions={jurisdictions.map(({ name }) => name)}
          stale={isOld}
        />
      )}
      <Exits proof={isOld ? undefined : (proof?.verdict ?? undefined)} />
    </div>
  );
}

function Judged({ verdict, sentence }: ReturnType<typeof judge>) {
  return (
    <p role="status" data-residency={verdict}>
      <VerdictTag verdict={verdict} /> {sentence}
    </p>
  );
}

interface MissingProps {
  failures: readonly (readonly [string, PromiseSettledResult<unknown>])[];
  /** What an answer says of itself that is missing from it. */
  told: readonly string[];
}

function Missing({ failures, told }: MissingProps) {
  const failed = failures.flatMap(([what, { status, ...rest }]) =>
    status === "rejected" && "reason" in rest
      ? [format(_("It is not known $0: $1"), what, toPageError(rest.reason).message)]
      : [],
  );
  return [...failed, ...new Set(told)].map((text) => (
    <p key={text} role="status" data-missing="">
      <VerdictTag verdict="unknown" /> {text}
    </p>
  ));
}

function settledValue<T>(settled: PromiseSettledResult<T>): T | undefined {
  return settled.status === "fulfilled" ? settled.value : undefined;
}
