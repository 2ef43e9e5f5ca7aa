/**
 * A new tenant in a spare slot of the policy: from the call until its number, its storage pool and
 * its profile are ready to take an instance. The reference makes the same project, pool and profile
 * with three requests to Incus, from the same process, in turns. Which slots the policy has is told
 * by a plain function here; on a node that is known since the policy was read.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createCloud } from "../../../agent/incus/cloud.ts";
import { incusApi } from "../../../packaging/setup/lib/incus-api.js";
import { FakeJobs, fakeCall } from "../../integration/incus-fakes.ts";
import { RecordingAudit } from "../../lib/recording-audit.ts";
import { atMost, median, type Result } from "../case.ts";
import { withBed } from "../lib/bed.ts";

const pairs = 11;
const mostMs = 1_000;
/** What follows a creation is over by then. */
const settleMs = 400;
const injectedSlots = Array.from({ length: 200 }, (_, i) => i + 1);
const filter = { search: "", state: [], classification: [], jurisdiction: [], troubled: false };
const order = { sort: "name" as const, descending: false, cursor: "", limit: 1000 };

/** The same keys under names that the agent does not take for its own. */
const foreign = (config: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("dsecos", "other"), value]),
  );

export function run(): Promise<Result[]> {
  return withBed(["incus"], async ({ incusSocket }) => {
    const api = incusApi(incusSocket);
    const cloud = createCloud({
      ...{ socketPath: incusSocket, storagePool: "default", jobs: new FakeJobs() },
      ...{ audit: new RecordingAudit(), log: () => undefined, slots: () => injectedSlots },
    });
    const { handlers } = cloud.tenants;

    /** @returns whether an instance of the tenant would be made at once */
    const isReady = async (name: string): Promise<boolean> => {
      const call = fakeCall("tenants.List");
      const { rows } = await handlers.List(call, { ...filter, ...order, search: name });
      const row = rows.find((one) => one.name === name);
      return row?.slot !== undefined && !row.notYetTrue.some((text) => text.includes("being made"));
    };

    const create = async (name: string): Promise<void> => {
      const ready = new Promise<void>((resolve, reject) => {
        cloud.tenants.onChanged((changed) => {
          if (changed !== name) return;
          isReady(name).then((is) => (is ? resolve() : undefined), reject);
        });
      });
      await handlers.Create(fakeCall("tenants.Create"), name, {
        ...{ displayName: name, domain: `${name}_t`, classification: "secret" },
        ...{ jurisdiction: "UK", contacts: [] },
        quota: { cpu: "8", ram: "4GiB", storage: "1GiB" },
      });
      await ready;
    };

    /** The same with Incus alone, as the tenant `like` was made. */
    const imitate = async (
      like: string,
      name: string,
      pool: string,
    ): Promise<() => Promise<void>> => {
      const project = await api.request("GET", `/1.0/projects/${like}`);
      const number = project.config["user.dsecos.selinux.number"];
      const own = await api.request("GET", `/1.0/storage-pools/tenant${number.padStart(4, "0")}`);
      const { size } = own.config;
      const config = { size, "user.other.tenant": own.config["user.dsecos.tenant"] };
      return async () => {
        const body = { name, description: project.description, config: foreign(project.config) };
        await api.request("POST", "/1.0/projects", { body });
        const made = { name: pool, driver: own.driver, config };
        await api.request("POST", "/1.0/storage-pools", { body: made });
        const devices = { root: { type: "disk", path: "/", pool } };
        const path = `/1.0/profiles/default?project=${name}`;
        await api.request("PATCH", path, { body: { devices } });
      };
    };

    const timed = async (work: () => Promise<void>): Promise<number> => {
      await delay(settleMs);
      const began = performance.now();
      await work();
      return performance.now() - began;
    };

    cloud.start();
    try {
      await create("first");
      const plain = await imitate("first", "plain", "plain");
      await plain();
      const ours: number[] = [];
      const reference: number[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        const name = `ours${pair}`;
        ours.push(await timed(() => create(name)));
        const twin = await imitate(name, `twin${pair}`, `twin${pair}`);
        reference.push(await timed(twin));
      }
      return [atMost("selinux-slot", "ms", median(ours), median(reference), mostMs)];
    } finally {
      await cloud.stop();
    }
  });
}
