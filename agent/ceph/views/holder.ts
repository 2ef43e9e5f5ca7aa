/** Facts of the cluster as they were read last, and answers from them. */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { pageOfRows, searched } from "../../hsm/pages.ts";
import type { Capacity } from "../capacity/answers.ts";
import { growthOf } from "../capacity/growth.ts";
import { lossesOf } from "../capacity/losses.ts";
import { countPools } from "../capacity/pools.ts";
import type { Encryption } from "../encryption/answers.ts";
import { daemonsOf, isTroubled, judgeAll } from "../encryption/judge.ts";
import { keptKeys } from "../encryption/rest.ts";
import type { TopologyPage } from "../topology/answers.ts";
import { pageOfTree } from "../topology/page.ts";
import { buildTree } from "../topology/tree.ts";
import type { FactName } from "./facts.ts";
import { type Facts, schemas, settingsSchema } from "./schemas.ts";
import { gatewaysOf, speakersOf } from "./speakers.ts";
import type { Put, QuestionName, Questions } from "./thread.ts";

interface Held {
  /** Undefined where it could not be read. */
  value: unknown;
  why: string;
  at: string;
}

const kib = (bytes: number): number => Math.floor(bytes / 1024);

export class Holder {
  readonly #held = new Map<FactName, Held>();
  readonly #settings = new Map<string, ReadonlyMap<string, string>>();
  #tree: ReturnType<typeof buildTree> | undefined;

  put({ fact, at, bytes, why }: Put): void {
    const value: unknown = bytes === null ? undefined : JSON.parse(new TextDecoder().decode(bytes));
    if (fact.startsWith("settings ")) {
      this.#putSettings(fact.slice("settings ".length), value);
      return;
    }
    const name = fact as FactName;
    const parsed = value === undefined ? undefined : v.safeParse(schemas[name], value);
    const bad = parsed?.success === false ? unlike(name, v.getDotPath(parsed.issues[0])) : "";
    this.#held.set(name, {
      at,
      why: why || bad,
      value: parsed?.success ? parsed.output : undefined,
    });
    this.#tree = undefined;
  }

  answer<K extends QuestionName>(kind: K, ask: Questions[QuestionName]["ask"]): unknown {
    if (kind === "topology") return this.#topology(ask as Questions["topology"]["ask"]);
    if (kind === "capacity") return this.#capacity(ask as Questions["capacity"]["ask"]);
    if (kind === "encryption") return this.#encryption(ask as Questions["encryption"]["ask"]);
    return speakersOf(this.#facts(), this.#settings).map(({ name }) => name);
  }

  /** @throws Unavailable where it could not be read */
  #needed<K extends FactName>(name: K): Facts[K] {
    const held = this.#held.get(name);
    if (held?.value === undefined) {
      throw new DsecosError(
        "Unavailable",
        held?.why ?? "The cluster was not asked yet; try again.",
      );
    }
    return held.value as Facts[K];
  }

  /** Those that could be read. */
  #facts(): Partial<Facts> {
    return Object.fromEntries([...this.#held].map(([name, { value }]) => [name, value]));
  }

  #missing(names: readonly FactName[]): string[] {
    return [...new Set(names.flatMap((name) => this.#held.get(name)?.why || []))];
  }

  #at(name: FactName): string {
    return this.#held.get(name)?.at ?? "";
  }

  #putSettings(daemon: string, value: unknown): void {
    const parsed = v.safeParse(settingsSchema, value);
    if (parsed.success) {
      this.#settings.set(daemon, new Map(parsed.output.map(({ name, value: is }) => [name, is])));
    } else this.#settings.delete(daemon);
  }

  #built(): ReturnType<typeof buildTree> {
    this.#tree ??= buildTree({
      osds: this.#needed("osdDump").osds,
      crush: this.#needed("crushDump"),
      use: this.#use(),
      latency: (this.#facts().osdPerf?.osdstats.osd_perf_infos ?? []).map(({ id, perf_stats }) => ({
        id,
        commitLatencyMs: perf_stats.commit_latency_ms,
        applyLatencyMs: perf_stats.apply_latency_ms,
      })),
    });
    return this.#tree;
  }

  #use() {
    const { osdDf } = this.#facts();
    return osdDf === undefined ? [] : [...osdDf.nodes, ...osdDf.stray];
  }

  #topology(filter: Questions["topology"]["ask"]): TopologyPage {
    const { rows, sums } = this.#built();
    const missing = this.#missing(["osdDf", "osdPerf"]);
    return { ...pageOfTree(rows, sums, filter), at: this.#at("osdDump"), missing };
  }

  #capacity({ filter, samples }: Questions["capacity"]["ask"]): Capacity {
    const { stats, stats_by_class, pools: use } = this.#needed("df");
    const map = this.#needed("osdDump");
    const { rules } = this.#needed("crushDump");
    const ratios = {
      nearlyFull: map.nearfull_ratio,
      backfillFull: map.backfillfull_ratio,
      full: map.full_ratio,
    };
    const totalKiB = kib(stats.total_bytes);
    const usedKiB = kib(stats.total_used_raw_bytes);
    const room = { totalKiB, usedKiB, ...ratios };
    const at = this.#at("df");
    const { growth, note } = growthOf(samples, room, {
      createdAt: map.created,
      now: Date.parse(at),
    });
    const all = countPools({ ...map, profiles: map.erasure_code_profiles, rules, use });
    const finds = searched(filter.search);
    const pools = all.filter(({ name, rule, applications }) => finds(name, rule, ...applications));
    return {
      ...{ at, totalKiB, usedKiB, availableKiB: kib(stats.total_avail_bytes), ratios },
      fullest: fullestOf(this.#use()),
      classes: Object.entries(stats_by_class).map(([name, one]) => ({
        name,
        totalKiB: kib(one.total_bytes),
        usedKiB: kib(one.total_used_raw_bytes),
        availableKiB: kib(one.total_avail_bytes),
      })),
      ...{ growth, growthNote: note },
      losses: lossesOf(this.#built().rows, rules, room, growth[0]),
      pools: pageOfRows(pools, {
        ...{ id: ({ id }) => String(id), value: (pool) => pool[filter.sort] },
        ...{ descending: filter.descending, cursor: filter.cursor, limit: filter.limit },
      }),
      missing: this.#missing(["osdDf"]),
    };
  }

  #encryption(filter: Questions["encryption"]["ask"]): Encryption {
    const map = this.#needed("osdDump");
    const held = this.#facts();
    const uuids = new Map(map.osds.map(({ osd, uuid }) => [osd, uuid]));
    const keys = held.keyNames && keptKeys(held.keyNames);
    const daemons = daemonsOf({
      speakers: speakersOf(held, this.#settings),
      gateways: gatewaysOf(held),
      metadata: new Map((held.osdMetadata ?? []).map((one) => [one.id, one])),
      kept: keys && ((osd) => keys.has(uuids.get(osd) ?? "")),
    });
    const finds = searched(filter.search);
    const rows = daemons.filter(
      (daemon) => finds(daemon.name, daemon.host) && (!filter.troubled || isTroubled(daemon)),
    );
    const unread = [
      ...(["keyNames", "osdMetadata", "monDump", "mgrDump", "fsDump", "services"] as const),
    ];
    const { findings, ...judged } = judgeAll(daemons);
    return {
      ...{ at: this.#at("osdDump"), ...judged, findings: [...this.#missing(unread), ...findings] },
      daemons: pageOfRows(rows, {
        id: ({ name }) => name,
        value: ({ name }) => sortable(name),
        ...{ descending: false, cursor: filter.cursor, limit: filter.limit },
      }),
    };
  }
}

/** osd.10 comes after osd.9. */
const sortable = (name: string): string =>
  name.replace(/\d+/g, (digits) => digits.padStart(6, "0")).slice(0, 100);

function unlike(name: FactName, at: string | null): string {
  return `Ceph's answer of ${name} is not as expected at ${at ?? "its root"}; this version of Ceph is not known here.`;
}

function fullestOf(use: readonly { id: number; kb: number; kb_used: number }[]) {
  let fullest: Capacity["fullest"] = null;
  for (const { id, kb, kb_used } of use) {
    if (kb <= 0) continue;
    const share = kb_used / kb;
    if (fullest === null || share > fullest.share) fullest = { osd: id, share };
  }
  return fullest;
}
