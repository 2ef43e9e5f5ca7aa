/** What is encrypted, out of what the cluster says of itself and of what its daemons run with. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import type { Encryption, EncryptionFilter } from "./answers.ts";
import type { Settings } from "./input.ts";
import { daemonsOf, isTroubled, judgeAll } from "./judge.ts";
import { keptKeys } from "./rest.ts";
import { gatewaysOf, speakersOf } from "./speakers.ts";

interface Ask {
  filter: EncryptionFilter;
  settings: Settings;
}

/** osd.10 comes after osd.9. */
const sortable = (name: string): string =>
  name.replace(/\d+/g, (digits) => digits.padStart(6, "0")).slice(0, 100);

function answer(facts: ClusterFacts, { filter, settings }: Ask): Encryption {
  const uuids = new Map(facts.need("osdmap").osds.map(({ osd, uuid }) => [osd, uuid]));
  const { problems } = facts;
  const names = problems.keyNames === undefined ? facts.get("keyNames") : undefined;
  const keys = names && keptKeys(names);
  const daemons = daemonsOf({
    speakers: speakersOf(facts, settings),
    gateways: gatewaysOf(facts),
    metadata: new Map((facts.get("osdMetadata") ?? []).map((one) => [one.id, one])),
    kept: keys && ((osd) => keys.has(uuids.get(osd) ?? "")),
  });
  const finds = searched(filter.search);
  const rows = daemons.filter(
    (daemon) => finds(daemon.name, daemon.host) && (!filter.troubled || isTroubled(daemon)),
  );
  const { findings, ...judged } = judgeAll(daemons);
  return {
    ...{ at: facts.at("osdmap"), ...judged },
    findings: [...new Set(Object.values(problems)), ...findings],
    daemons: pageOfRows(rows, {
      ...{ id: ({ name }) => name, value: ({ name }) => sortable(name), descending: false },
      ...{ cursor: filter.cursor, limit: filter.limit },
    }),
  };
}

const needs = ["osdmap", "monmap", "mgrmap", "fsmap"] as const;

export const encryptionQuestion = {
  needs,
  likes: ["osdMetadata", "keyNames", "monMetadata", "mgrMetadata", "mdsMetadata", "services"],
  answer,
} as const;

/** Names of daemons that can be asked for what they run with. */
export const daemonsQuestion = {
  needs,
  likes: [],
  answer: (facts: ClusterFacts, settings: Settings): string[] =>
    speakersOf(facts, settings).map(({ name }) => name),
} as const;
