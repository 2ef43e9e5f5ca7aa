// @ts-check
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureGroups, missingGroups } from "../lib/accounts.js";
import { busCall } from "../lib/bus.js";
import { filesAreInPlace, installFiles, removeFiles } from "../lib/files.js";
import { until } from "../lib/wait.js";

const ACTIONS = "/usr/share/polkit-1/actions";
const RULES = "/etc/polkit-1/rules.d";

/**
 * What the build generated for polkit, the bus and Cockpit, put where they look for it. polkitd's
 * directories are fixed, so private stacks need them as well.
 *
 * @param {import("./types.js").StackContext} context
 * @returns {import("./types.js").Component}
 */
export function policiesComponent(context) {
  const { stateDirectory, busAddress } = context;
  return {
    name: "policies",
    isRunning: async () =>
      (await missingGroups()).length === 0 &&
      filesAreInPlace(stateDirectory, placements(context)) &&
      (await actionsKnown(busAddress)),
    async start() {
      const missing = await ensureGroups();
      const written = await installFiles(stateDirectory, placements(context));
      if (written.some((target) => target.startsWith("/etc/dbus-1/")))
        await busCall(
          busAddress,
          "org.freedesktop.DBus",
          "/org/freedesktop/DBus",
          "org.freedesktop.DBus.ReloadConfig",
        );
      await until("polkitd to know the actions", 10, () => actionsKnown(busAddress), 100);
      const groups = missing.length ? ` and the groups ${missing.join(", ")}` : "";
      return written.length + missing.length ? `put in place ${written.length} files${groups}` : "";
    },
    async stop() {
      const { removed, changed } = await removeFiles(stateDirectory);
      for (const path of changed) console.warn(`left ${path}, which somebody changed`);
      return removed.length > 0;
    },
  };
}

/** @param {import("./types.js").StackContext} context */
function placements({ mode, distDirectory }) {
  const polkit = join(distDirectory, "policies/polkit");
  if (!existsSync(polkit)) throw new Error(`${polkit} is missing: run npm run build first`);
  const files = readdirSync(polkit).sort();
  /** @type {import("../lib/files.js").Placement[]} */
  const list = [];
  // Rules before actions: once polkitd knows the new action, it has seen the rules too.
  for (const file of files.filter((name) => name.endsWith(".rules")))
    list.push({ source: join(polkit, file), target: join(RULES, file), how: "copy" });
  for (const file of files.filter((name) => name.endsWith(".policy")))
    list.push({ source: join(polkit, file), target: join(ACTIONS, file), how: "copy" });
  if (mode === "private") return list; // the private bus and bridge read dist themselves
  const conf = "org.dsecos.Agent.conf";
  list.push({
    source: join(distDirectory, "policies/dbus", conf),
    target: join("/etc/dbus-1/system.d", conf),
    how: "copy",
  });
  list.push({
    source: join(distDirectory, "cockpit/dsecos"),
    target: "/usr/local/share/cockpit/dsecos",
    how: "link",
  });
  return list;
}

/** @param {string} busAddress */
async function actionsKnown(busAddress) {
  const reply = await busCall(
    busAddress,
    "org.freedesktop.PolicyKit1",
    "/org/freedesktop/PolicyKit1/Authority",
    "org.freedesktop.PolicyKit1.Authority.EnumerateActions",
    ["string:C"],
  );
  return reply.includes('string "org.dsecos.');
}
