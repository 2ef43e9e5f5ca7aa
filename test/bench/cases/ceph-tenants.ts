/**
 * Tenants with a volume each on a real cluster, declared in a real Incus: what one volume takes to be made,
 * what a pass over all of them takes once they are there, in time and in commands to Ceph, and a page of
 * 100 in the list. Nothing of it may grow faster than their number, so each is measured with a part of
 * them, too, which is the reference. A thousand where the machine makes them in two minutes, else two
 * hundred, which is said.
 */
import * as v from "valibot";
import type { Ceph } from "../../../agent/ceph/link/types.ts";
import { volumeFilterSchema, volumeSpecSchema } from "../../../agent/ceph/volumes/answers.ts";
import { makeCephBed, makeProject, openBed, ready } from "../../integration/ceph-volumes-bed.ts";
import { fakeCall } from "../../integration/incus-fakes.ts";
import { median, type Result, ratioAtMost } from "../case.ts";
import { withBed } from "../lib/bed.ts";
import { copyTenants, untilPrompt } from "../lib/tenants.ts";

const first = 100;
const all = 1000;
const fewer = 200;
const mostMakingMs = 120_000;
const listings = 9;
/** Of one among many against one among few. */
const most = 1.5;
const template = "template";
const call = fakeCall("ceph.CreateVolume");
const spec = v.parse(volumeSpecSchema, { name: "docs", size: "10MiB", class: "hosts-2" });

/** Of one volume. */
interface Taken {
  makingMs: number;
  passMs: number;
  commands: number;
  /** Of a page. */
  listingMs: number;
}

export function run(): Promise<Result[]> {
  return withBed(["incus"], async ({ incusSocket }) => {
    process.env.DSECOS_TEST_INCUS = incusSocket;
    const ground = await makeCephBed();
    const bed = openBed(ground.places, () => "UK");
    try {
      await ready(bed.ceph);
      const counted = countCommands(bed.ceph);
      await makeProject(bed.incus, template);
      await bed.jobs.done(await bed.volumes.handlers.CreateVolume(call, template, spec));
      const take = async (from: number, to: number): Promise<Taken> => {
        await copyTenants(incusSocket, template, to - 1, from);
        const timed = async (work: () => Promise<unknown>) => {
          await untilPrompt(incusSocket);
          const began = performance.now();
          await work();
          return performance.now() - began;
        };
        bed.volumes.stale();
        const making = await timed(() => bed.volumes.reconciler.round());
        await requireReady(bed, to);
        counted.count = 0;
        const pass = await timed(() => bed.volumes.reconciler.round());
        const { count } = counted;
        const times: number[] = [];
        for (let listing = 0; listing < listings; listing++) {
          bed.volumes.stale();
          times.push(await timed(() => list(bed, 100)));
        }
        return {
          // What was there before is looked at in the same round.
          makingMs: (making - (pass * from) / to) / (to - from),
          ...{ passMs: pass / to, commands: count / to, listingMs: median(times) },
        };
      };
      const few = await take(1, first);
      const count = few.makingMs * all <= mostMakingMs ? all : fewer;
      const many = await take(first, count);
      console.log(
        `${count} tenants with a volume each; ${many.makingMs.toFixed(1)} ms for each that was made, ` +
          `a pass of ${((many.passMs * count) / 1000).toFixed(1)} s with ${(many.commands * count).toFixed(0)} commands; ` +
          `so ${all} take ${((many.passMs * all) / 1000).toFixed(1)} s`,
      );
      const name = (what: string) => `ceph-tenants, ${what}, ${count} against ${first}`;
      return [
        ratioAtMost(name("making one"), "ms", many.makingMs, few.makingMs, most),
        ratioAtMost(name("pass for one"), "ms", many.passMs, few.passMs, most),
        ratioAtMost(name("commands for one"), "commands", many.commands, few.commands, 1.05),
        // All are read and put into order for a page of them.
        ratioAtMost(name("page of 100"), "ms", many.listingMs, few.listingMs, count / first),
      ];
    } finally {
      await bed.close();
      await ground.end();
    }
  });
}

type Bed = ReturnType<typeof openBed>;

const list = (bed: Bed, limit: number, filter: object = {}) =>
  bed.volumes.handlers.Volumes(call, v.parse(volumeFilterSchema, { ...filter, limit }));

async function requireReady(bed: Bed, count: number): Promise<void> {
  const { total } = await list(bed, 1, { state: ["ready"] });
  if (total === count) return;
  const { rows, unknown } = await list(bed, 1, { troubled: true });
  throw new Error(`${total} of ${count} are ready: ${unknown} ${rows[0]?.trouble}`);
}

/** From here on counts what is asked of the cluster. */
function countCommands(ceph: Ceph): { count: number } {
  const counted = { count: 0 };
  for (const who of ["mon", "mgr"] as const) {
    const ask = ceph[who];
    ceph[who] = (prefix, args) => {
      counted.count++;
      return ask(prefix, args);
    };
  }
  return counted;
}
