/** Settings as rows: what Ceph says of each name is beside what stands there. */
import { createHash } from "node:crypto";
import type { FactOf } from "../facts/schemas.ts";
import type { SettingRow, SettingSource } from "./answers.ts";
import { isSecret } from "./secret.ts";
import { weakens } from "./weak.ts";

/** Of `config help`; undefined where Ceph knows none of this name. */
export interface Help {
  fallback: string;
  level: string;
  description: string;
  runtime: boolean;
}

/** One value that some daemons run with, and that the cluster's settings do not give them. */
export interface Running {
  name: string;
  value: string;
  source: string;
  daemons: readonly string[];
  daemonCount: number;
}

const sources: Record<string, SettingSource> = { file: "file", override: "override" };

export function settingRows(
  cluster: FactOf<"settings">,
  running: readonly Running[],
  help: ReadonlyMap<string, Help | undefined>,
): SettingRow[] {
  const kept = cluster.map(({ name, value, section, mask }) =>
    rowOf({ name, value, help: help.get(name), source: "cluster", section, mask }),
  );
  const told = running.map(({ name, value, source, daemons, daemonCount }) =>
    rowOf({
      ...{ name, value, help: help.get(name), source: sources[source] ?? "other" },
      ...{ daemons: daemons.toSorted(byName), daemonCount },
    }),
  );
  // What is secret stays in the list: nobody can say that it is the default.
  return [...kept, ...told].filter(
    (row) => row.weakens !== "" || row.secret || !row.known || !isSame(row.value, row.fallback),
  );
}

/** osd.10 comes after osd.9. */
const byName = (one: string, other: string): number =>
  one.localeCompare(other, "en", { numeric: true });

type Given = Pick<SettingRow, "name" | "value" | "source"> &
  Partial<Pick<SettingRow, "section" | "mask" | "daemons" | "daemonCount">> & {
    help: Help | undefined;
  };

function rowOf({ name, value, help, source, ...rest }: Given): SettingRow {
  const secret = isSecret(name, value);
  // Each daemon has one value of a name from one source. Never of the value: it may be a secret.
  const unique = [name, source, rest.section, rest.mask, rest.daemons?.[0]];
  return {
    id: createHash("sha256").update(JSON.stringify(unique)).digest("hex").slice(0, 16),
    ...{ name, value: secret ? "" : value, secret, source },
    ...{ section: "", mask: "", daemons: [], daemonCount: 0, ...rest },
    fallback: help?.fallback ?? "",
    known: help !== undefined,
    level: help?.level ?? "",
    description: help?.description ?? "",
    runtime: help?.runtime ?? false,
    weakens: weakens(name, value),
  };
}

/** 6 is 6.000000, and 1 is true. */
function isSame(value: string, fallback: string): boolean {
  const [a, b] = [value.trim(), fallback.trim()];
  if (a === b) return true;
  if (a === "" || b === "") return false;
  return Number(a) === Number(b);
}
