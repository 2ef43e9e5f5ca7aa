/** What an operator does, on a real cluster with an agent's key that may, and no agent around it. */

import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { createActions } from "../../agent/ceph/actions/service.ts";
import { acting } from "../../agent/ceph/capabilities.ts";
import { createCore } from "../../agent/ceph/core.ts";
import { ApartFacts } from "../../agent/ceph/facts/apart.ts";
import { FactKeeper } from "../../agent/ceph/facts/keeper.ts";
import { openCeph } from "../../agent/ceph/link/link.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { JurisdictionMap } from "../../agent/ceph/residency/map/document.ts";
import { until } from "../../packaging/setup/lib/wait.js";
import type { Cluster } from "./ceph-cluster.ts";
import { RecordingAudit } from "./recording-audit.ts";

export interface OperatorPaths {
  cephConfig: string;
  cephUser: string;
  cephKeyring: string;
}

/** Of the project, where tests run: a bundle of this is elsewhere. */
const helper = resolve("agent/ceph/link/helper.py");

/** A bundle of a program, in a directory that whoever asked removes. */
export async function bundle(entry: string, directory: string): Promise<string> {
  const outfile = join(directory, `${entry.replaceAll("/", "-")}.mjs`);
  await build({
    ...{ entryPoints: [resolve(import.meta.dirname, "../..", entry)], outfile, bundle: true },
    ...{ platform: "node", format: "esm", target: "node20", logLevel: "error" },
    banner: { js: 'import{createRequire}from"module";const require=createRequire("/");' },
  });
  return outfile;
}

export async function openLink(
  { cephConfig: config, cephUser, cephKeyring: keyring }: OperatorPaths,
  user = cephUser,
): Promise<Ceph> {
  const link = openCeph({ config, user, keyring, program: helper, log: () => undefined });
  await until("the link to be ready", 60, async () => link.status().state === "ready");
  return link;
}

export interface OperatorBed {
  actions: ReturnType<typeof createActions>;
  audit: RecordingAudit;
  /** Asks as the cluster's administrator. */
  admin: Ceph;
  /** Stands for the clock. */
  clock: { now: () => number };
  end(): Promise<void>;
}

/** @param map of jurisdictions, made when it is asked for */
export async function withOperator(
  { paths, directory }: Cluster,
  map: (admin: Ceph) => Promise<JurisdictionMap>,
): Promise<OperatorBed> {
  const work = mkdtempSync("/var/tmp/dsecos-ceph-operator-");
  const program = pathToFileURL(await bundle("agent/ceph/facts/worker.ts", work));
  const admin = await openLink(
    { ...paths, cephKeyring: join(directory, "keyring") },
    "client.admin",
  );
  const caps = Object.entries(acting).flat();
  await admin.mon("auth caps", { entity: paths.cephUser, caps });
  const link = await openLink(paths);
  const log = () => undefined;
  const audit = new RecordingAudit();
  const clock = { now: () => Date.now() };
  const core = createCore({ link, user: paths.cephUser, log, changed: () => undefined });
  const apart = new ApartFacts({ link, log, program });
  const facts = new FactKeeper({ link, log, program });
  const actions = createActions({
    ...{ ...core, facts, apart, audit, changed: () => undefined, now: () => clock.now() },
    map: () => map(admin),
  });
  return {
    ...{ actions, audit, admin, clock },
    async end() {
      await apart.close();
      await actions.stop();
      await facts.close();
      await core.facts.close();
      await link.close();
      await admin.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}
