/** Settings that differ from Ceph's defaults, out of what the cluster and its daemons say. */
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { ClusterFacts } from "../facts/facts.ts";
import type { SettingFilter, SettingsPage } from "./answers.ts";
import { type Help, type Running, settingRows } from "./rows.ts";

interface Ask {
  filter: SettingFilter;
  running: readonly Running[];
  help: ReadonlyMap<string, Help | undefined>;
  /** Daemons that told what they run with, and how many there are. */
  asked: number;
  daemons: number;
}

function answer(facts: ClusterFacts, { filter, running, help, asked, daemons }: Ask): SettingsPage {
  const all = settingRows(facts.get("settings") ?? [], running, help);
  const finds = searched(filter.search);
  const rows = all.filter(
    ({ name, value, section, description, source, weakens }) =>
      (!filter.weak || weakens !== "") &&
      (filter.source.length === 0 || filter.source.includes(source)) &&
      finds(name, value, section, description),
  );
  const silent = daemons - asked;
  const untold = `${silent} of ${daemons} daemons did not tell what they run with, so that what their files say is missing.`;
  return {
    ...pageOfRows(rows, {
      id: ({ id }) => id,
      ...{ value: (row) => row[filter.sort], descending: filter.descending },
      ...{ cursor: filter.cursor, limit: filter.limit },
    }),
    ...{ at: facts.at("settings"), asked, daemons },
    weak: all.filter(({ weakens }) => weakens !== "").length,
    missing: [...new Set(Object.values(facts.problems)), ...(silent > 0 ? [untold] : [])],
  };
}

export const settingsQuestion = { needs: [], likes: ["settings"], answer } as const;

/** Names of all that stand in the cluster's settings. */
export const settingNamesQuestion = {
  needs: [],
  likes: ["settings"],
  answer: (facts: ClusterFacts): string[] => [
    ...new Set((facts.get("settings") ?? []).map(({ name }) => name)),
  ],
} as const;
