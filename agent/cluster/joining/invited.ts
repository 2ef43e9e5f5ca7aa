/** Invitations that hold, as Incus keeps them: each is an operation that waits until it is used or over. */
import * as v from "valibot";
import type { IncusClient } from "../../incus/client.ts";

export interface Invited {
  node: string;
  endsAt: string;
}

/** Of what else there is in it, the secret above all, nothing is kept. */
const tokenSchema = v.object({
  class: v.literal("token"),
  metadata: v.object({ serverName: v.string(), expiresAt: v.string() }),
});

/** @throws DsecosError while Incus does not answer */
export async function openInvitations(client: IncusClient): Promise<Invited[]> {
  const query = { recursion: "1" };
  const { running = [] } = await client.get<{ running?: unknown[] }>("/1.0/operations", { query });
  return running.flatMap((operation): Invited[] => {
    const { success, output } = v.safeParse(tokenSchema, operation);
    if (!success) return [];
    const { serverName: node, expiresAt } = output.metadata;
    const ends = new Date(expiresAt);
    return Number.isNaN(ends.getTime()) ? [] : [{ node, endsAt: ends.toISOString() }];
  });
}
