/** Whether images of pools are mirrored, read with the helper's binding for RBD. */
import * as v from "valibot";
import { DsecosError } from "../../../bus/errors.ts";
import type { Ceph } from "../../link/types.ts";
import type { Exits } from "../read/exits.ts";

/** Names of rbd_mirror_mode_t of librbd's include/rbd/librbd.h, by their numbers. */
const modes = ["disabled", "image", "pool", "init-only"] as const;
const modeSchema = v.pipe(
  v.number(),
  v.transform((mode) => modes[mode]),
  v.picklist(modes),
);

const answerSchema = v.array(
  v.union([
    v.object({
      pool: v.string(),
      mode: modeSchema,
      namespaces: v.record(v.string(), modeSchema),
      peers: v.array(v.string()),
    }),
    v.object({ pool: v.string(), error: v.number(), words: v.string() }),
  ]),
);

/** The helper has 3 s for each; a pool takes it some milliseconds, and as many for each namespace. */
const mostAsked = 50;
const mostTries = 40;

export interface Mirrors {
  rbd: NonNullable<Exits["rbd"]>;
  /** Why it is not known of some pools; empty where it is of all. */
  reason: string;
}

/** @throws DsecosError where nothing of it can be asked */
export async function readMirrors(
  link: Pick<Ceph, "text">,
  pools: readonly string[],
): Promise<Mirrors> {
  const rbd: Mirrors["rbd"] = [];
  const left = new Set(pools);
  let reason = "";
  for (let tries = 0; left.size > 0 && tries < mostTries; tries++) {
    const asked = [...left].slice(0, mostAsked);
    const bytes = await link.text("mirrors", "rbd mirror pool info", { pools: asked });
    const answer = v.safeParse(answerSchema, JSON.parse(new TextDecoder().decode(bytes)));
    if (!answer.success) {
      throw new DsecosError("Unavailable", "RBD mirrors images in a way that is not known.");
    }
    for (const one of answer.output) {
      left.delete(one.pool);
      if ("error" in one) reason = refusal(one.words);
      else rbd.push({ ...one, namespaces: mirrored(one.namespaces) });
    }
    if (answer.output.length === 0) break;
  }
  if (left.size > 0) reason = "Ceph did not tell in time; see the cluster's health for what hangs.";
  return { rbd, reason };
}

function mirrored(namespaces: Record<string, (typeof modes)[number]>): string[] {
  return Object.keys(namespaces).filter((name) => namespaces[name] !== "disabled");
}

function refusal(words: string): string {
  const said = words.replace(/\.$/, "");
  return `Ceph does not tell it (${said}); give the agent's key the capability: osd 'allow r class-read'.`;
}
