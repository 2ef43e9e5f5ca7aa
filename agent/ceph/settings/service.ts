/** Settings that differ from the defaults: of the cluster, and of its daemons as they run. */
import type { Answers } from "../area.ts";
import type { Core } from "../core.ts";
import type { DaemonSettings } from "../encryption/settings.ts";
import { SettingHelp } from "./help.ts";
import type { settingMembers } from "./members.ts";

export function createSettings(
  { link, facts }: Pick<Core, "link" | "facts">,
  daemons: DaemonSettings,
): Answers<typeof settingMembers> {
  const known = new SettingHelp(link);
  return {
    async Settings(_call, filter) {
      const names = await facts.ask("daemons", daemons.all());
      await daemons.renew(names);
      const running = daemons.differing();
      const all = new Set([
        ...(await facts.ask("settingNames", undefined)),
        ...running.map(({ name }) => name),
      ]);
      const told = daemons.all();
      const counts = {
        asked: names.filter((name) => told.has(name)).length,
        daemons: names.length,
      };
      const help = await known.of([...all]);
      return await facts.ask("settings", { filter, running, help, ...counts });
    },
  };
}
