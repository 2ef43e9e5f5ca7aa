// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ensureGroups, missingGroups } from "../lib/accounts.js";
import { busCall } from "../lib/bus.js";
import { filesAreInPlace, installFiles, removeFiles } from "../lib/files.js";
import { until } from "../lib/wait.js";

const ACTIONS = "/usr/share/polkit-1/actions";
const RULES = "/etc/polkit-1/rules.d";
const COMMAND = "/usr/local/bin/dsecos";

/**
 * What the build made for polkit, the bus, Cockpit and the shell, put where they look for it.
 * polkitd's directories are fixed, so private stacks need them as well.
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
      (await actionsKnown(context)),
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
      await until("polkitd to know the actions", 30, () => actionsKnown(context), 100);
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

/**
 * @param {import("./types.js").StackContext} context
 * @returns {import("../lib/files.js").Placement[]}
 */
function placements({ mode, distDirectory }) {
  const polkit = join(distDirectory, "policies/polkit");
  // Rules before actions: once polkitd knows the new actions, it has seen the rules too.
  const list = [...all(polkit, ".rules", RULES), ...all(polkit, ".policy", ACTIONS)];
  if (list.length === 0) throw new Error(`${polkit} is missing: run npm run build first`);
  // The private bus reads the build itself, a private Cockpit has its own copy.
  if (mode === "private") return list;
  return [
    ...list,
    ...all(join(distDirectory, "policies/dbus"), ".conf", "/etc/dbus-1/system.d"),
    ...all(join(distDirectory, "cockpit/dsecos"), "", "/usr/local/share/cockpit/dsecos"),
    { source: join(distDirectory, "agent/dsecos.js"), target: COMMAND, mode: 0o755 },
  ];
}

/**
 * @param {string} directory
 * @param {string} suffix
 * @param {string} target directory
 */
function all(directory, suffix, target) {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  return names
    .sort()
    .map((name) => ({ source: join(directory, name), target: join(target, name) }));
}

/** @param {import("./types.js").StackContext} context */
async function actionsKnown({ busAddress, distDirectory }) {
  const reply = await busCall(
    busAddress,
    "org.freedesktop.PolicyKit1",
    "/org/freedesktop/PolicyKit1/Authority",
    "org.freedesktop.PolicyKit1.Authority.EnumerateActions",
    ["string:C"],
  );
  return all(join(distDirectory, "policies/polkit"), ".policy", ACTIONS).every(({ source }) => {
    const ids = readFileSync(source, "utf8").matchAll(/<action id="([^"]+)"/g);
    return [...ids].every(([, id]) => reply.includes(`string "${id}"`));
  });
}
