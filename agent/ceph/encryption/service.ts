/** What is encrypted, as the cluster says it and as its daemons run. */
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { encryptionMembers } from "./members.ts";
import type { DaemonSettings } from "./settings.ts";

export function createEncryption(
  { facts }: Core,
  settings: DaemonSettings,
): Answers<typeof encryptionMembers> {
  return {
    async Encryption(_call, filter) {
      await settings.renew(await facts.ask("daemons", settings.all()));
      return await facts.ask("encryption", { filter, settings: settings.all() });
    },
  };
}
