/**
 * A cluster that nobody runs: what a real one of eight OSDs printed, over the agent's own link, and the
 * same with as many OSDs, pools and placement groups as one likes. programs/fake-ceph-helper.py answers
 * from it in the place of the agent's helper; link, facts and pages are the real ones. How long Ceph
 * itself takes to print is not in it.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Groups, readOsdMap } from "../../../agent/ceph/crush/groups.ts";
import { crushMap, readDump } from "../../../agent/ceph/crush/map.ts";
import { sources } from "../../../agent/ceph/facts/sources.ts";
import { openCeph } from "../../../agent/ceph/link/link.ts";
import { poolName, redundancyOf, ruleName } from "../../../agent/ceph/volumes/classes.ts";
import { withCeph } from "../../lib/ceph-cluster.ts";
import { mapSigner, signMap } from "../../lib/ceph-map.ts";
import { generatedCluster } from "./generated-cluster.ts";

// biome-ignore lint/suspicious/noExplicitAny: what Ceph printed, by its own names.
type Printed = any;
/** By who is asked and the command with its choices. */
export type Answers = Map<string, Printed>;

const root = resolve(import.meta.dirname, "../../..");
const helper = join(root, "agent/ceph/link/helper.py");

/** What is asked for beside the facts. */
const more = [
  { to: "mon", prefix: "osd pool ls", args: { detail: "detail" } },
  { to: "mon", prefix: "fs ls" },
  { to: "mon", prefix: "osd ls" },
  { to: "mon", prefix: "health" },
  { to: "mon", prefix: "version" },
] as const;

const placed = "hosts-3";
const jurisdictions = [
  ["uk", "UK"],
  ["eu", "EU"],
  ["ae", "AE"],
] as const;

/** Starts a real cluster, asks it all, and takes it away again. */
export async function recordCluster(): Promise<Answers> {
  const cluster = await withCeph();
  try {
    const { cephConfig: config } = cluster.paths;
    const keyring = join(cluster.directory, "keyring");
    const ceph = openCeph({
      ...{ config, keyring, user: "client.admin", program: helper, log: () => {} },
    });
    try {
      await new Promise<void>((done) => {
        ceph.onChanged(() => ceph.status().state === "ready" && done());
      });
      const answers: Answers = new Map();
      for (const { to, prefix, args } of [...Object.values(sources), ...more].map(withArgs)) {
        const text = await ceph.text(to, prefix, args);
        const key = [to, prefix, ...Object.values(args).flat()].join(" ");
        const printed = new TextDecoder().decode(text);
        answers.set(key, printed.trim() === "" ? null : JSON.parse(printed));
      }
      return answers;
    } finally {
      await ceph.close();
    }
  } finally {
    await cluster.remove();
  }
}

function withArgs(source: { to: "mon" | "mgr"; prefix: string; args?: object }) {
  const { to, prefix, args = {} } = source;
  return { to, prefix, args: args as Record<string, string | string[]> };
}

const find = (answers: Answers, key: string): Printed => {
  const found = answers.get(key);
  if (found === undefined) throw new Error(`nothing was recorded of ${key}`);
  return found;
};

const regionOf = (crush: Printed, name: string) =>
  crush.buckets.find((bucket: Printed) => bucket.name === name);

/** Adds the pool and the rule of volumes in the UK as the agent makes them, with the file system over it. */
export function withVolumes(recorded: Answers): Answers {
  const answers: Answers = structuredClone(recorded);
  const pool = poolName("UK", placed, "file");
  const { copies, least } = redundancyOf[placed];
  const crush = find(answers, "mon osd crush dump");
  const uk = regionOf(crush, "uk");
  const rule_id = Math.max(...crush.rules.map((rule: Printed) => rule.rule_id)) + 1;
  crush.rules.push({
    ...{ rule_id, rule_name: ruleName("UK", placed), ruleset: rule_id, type: 1 },
    steps: [
      { op: "take", item: uk.id, item_name: uk.name },
      { op: "chooseleaf_firstn", num: 0, type: "host" },
      { op: "emit" },
    ],
  });
  const changed = { pool_name: pool, crush_rule: rule_id, size: copies, min_size: least };
  const osdmap = find(answers, "mon osd dump");
  const id = Math.max(...osdmap.pools.map((one: Printed) => one.pool)) + 1;
  osdmap.pool_max = id;
  const [first] = osdmap.pools;
  osdmap.pools.push({ ...first, ...changed, pool: id, application_metadata: { cephfs: {} } });
  const listed = find(answers, "mon osd pool ls detail");
  listed.push({ ...listed[0], ...changed, pool_id: id, application_metadata: { cephfs: {} } });
  const df = find(answers, "mon df detail");
  df.pools.push({ ...df.pools[0], id, name: pool });
  const [fileSystem] = find(answers, "mon fs ls");
  fileSystem.data_pools.push(pool);
  fileSystem.data_pool_ids.push(id);
  return answers;
}

/** The same cluster with more of everything. */
export function enlarged(
  recorded: Answers,
  size: { osds: number; pools: number; pgs: number },
): Answers {
  const answers: Answers = structuredClone(recorded);
  const generated = generatedCluster(size);
  const parse = (text: string): Printed => JSON.parse(text);
  const small = find(answers, "mon osd dump");
  const { osds, pools } = parse(generated.texts.osdmap);
  const [xinfo] = small.osd_xinfo;
  const osd_xinfo = osds.map(({ osd }: Printed) => ({ ...xinfo, osd }));
  answers.set("mon osd dump", { ...small, osds, pools, osd_xinfo, max_osd: size.osds });
  answers.set("mon osd crush dump", parse(generated.texts.crush));
  answers.set("mgr pg dump pgs_brief", parse(generated.texts.pgs));
  const numbers = osds.map(({ osd }: Printed) => osd);
  answers.set("mon osd ls", numbers);
  const repeated = (list: Printed[], name: string) => {
    return numbers.map((id: number) => ({ ...list[id % list.length], id, [name]: `osd.${id}` }));
  };
  const osdDf = find(answers, "mgr osd df");
  osdDf.nodes = repeated(osdDf.nodes, "name");
  const perf = find(answers, "mgr osd perf").osdstats;
  perf.osd_perf_infos = repeated(perf.osd_perf_infos, "id").map((one: Printed, id: number) => {
    return { ...one, id };
  });
  const metadata = find(answers, "mon osd metadata");
  answers.set("mon osd metadata", repeated(metadata, "hostname"));
  const named = (list: Printed[], id: string, name: string) =>
    pools.map((pool: Printed, at: number) => {
      return { ...list[at % list.length], [id]: pool.pool, [name]: pool.pool_name };
    });
  const df = find(answers, "mon df detail");
  df.pools = named(df.pools, "id", "name");
  const listed = find(answers, "mon osd pool ls detail");
  answers.set(
    "mon osd pool ls detail",
    pools.map((pool: Printed, at: number) => {
      return { ...listed[at % listed.length], ...pool, pool_id: pool.pool };
    }),
  );
  const stats = find(answers, "mgr osd pool stats");
  answers.set("mgr osd pool stats", named(stats, "pool_id", "pool_name"));
  const { osdmap, pgmap } = find(answers, "mon status");
  Object.assign(osdmap, {
    num_osds: size.osds,
    num_up_osds: size.osds,
    num_in_osds: size.osds,
  });
  pgmap.num_pgs = size.pgs;
  pgmap.num_pools = pools.length;
  pgmap.pgs_by_state = [{ state_name: "active+clean", count: size.pgs }];
  return answers;
}

/** The same with its groups where the agent computes that the cluster would put them. */
export function computed(recorded: Answers): Answers {
  const answers: Answers = structuredClone(recorded);
  const [osdmap, crush] = [find(answers, "mon osd dump"), find(answers, "mon osd crush dump")];
  const groups = new Groups(crushMap(readDump(crush)), readOsdMap(osdmap));
  const pgs = find(answers, "mgr pg dump pgs_brief");
  const [any] = pgs.pg_stats;
  pgs.pg_stats = groups.osdmap.pools.flatMap((pool) =>
    groups.ofPool(pool).map((up, group) => {
      return { ...any, pgid: `${pool.pool}.${group.toString(16)}`, up, acting: up };
    }),
  );
  answers.set("mgr pg stat", { pg_ready: true, pg_summary: { num_pgs: pgs.pg_stats.length } });
  return answers;
}

/**
 * Writes the cluster, and an agent that has the fake helper.
 * @returns keys of the agent's configuration, and the agent's program
 */
export function writeCluster(answers: Answers, directory: string) {
  const ceph = join(directory, "ceph");
  const keys = join(ceph, "keys");
  mkdirSync(join(ceph, "answers"), { recursive: true });
  mkdirSync(keys);
  for (const [key, printed] of answers) {
    writeFileSync(join(ceph, "answers", encodeURIComponent(key)), JSON.stringify(printed));
  }
  const crush = find(answers, "mon osd crush dump");
  const { fsid, pools } = find(answers, "mon osd dump");
  const signer = mapSigner("Ed25519");
  const map = {
    ...{ format: "dsecos-ceph-jurisdictions-1", cluster: fsid, serial: 1 },
    ...{ at: "2026-01-31T12:00:00.000Z", peers: [] },
    buckets: jurisdictions.map(([name, jurisdiction]) => {
      return { id: regionOf(crush, name).id, name, jurisdiction };
    }),
    pools: pools.map((pool: Printed) => {
      return { id: pool.pool, name: pool.pool_name, allowed: ["UK"] };
    }),
  } as const;
  const files = {
    cephConfig: join(ceph, "ceph.conf"),
    cephKeyring: join(ceph, "keyring"),
    cephMap: join(ceph, "map.json"),
  };
  writeFileSync(join(keys, "officer.pem"), signer.pem);
  writeFileSync(files.cephMap, signMap(map as never, signer));
  writeFileSync(files.cephConfig, "");
  writeFileSync(files.cephKeyring, "");
  const agent = join(directory, "agent");
  cpSync(join(root, "dist/agent"), agent, { recursive: true });
  const fake = join(root, "test/bench/programs/fake-ceph-helper.py");
  cpSync(fake, join(agent, "ceph-helper.py"));
  return { config: { ...files, cephMapKeys: keys }, program: join(agent, "agent.js") };
}
