// @ts-check
/** Daemons of the tests' own, beside whatever else runs on the machine. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { ensureImage } from "../../packaging/image/import.js";
import { cockpitComponent } from "../../packaging/setup/components/cockpit.js";
import { softhsmState } from "../../packaging/setup/components/softhsm.js";
import { ensureUser } from "../../packaging/setup/lib/accounts.js";
import { logFile } from "../../packaging/setup/lib/daemons.js";
import { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { createStack } from "../../packaging/setup/stack.js";
import { removeTree } from "./remove-tree.js";

/** People of the tests; the role is the group, `nobody` is in none. */
export const people = {
  nobody: "dsecos-test-nobody",
  viewer: "dsecos-test-viewer",
  operator: "dsecos-test-operator",
  officer: "dsecos-test-officer",
  officer2: "dsecos-test-officer2",
  auditor: "dsecos-test-auditor",
};

export async function ensurePeople() {
  for (const [role, name] of Object.entries(people)) {
    const group = role === "nobody" ? [] : [`dsecos-${role.replace(/[0-9]$/, "")}`];
    await ensureUser(name, group);
  }
}

/** @param {{ pages: boolean }} options */
export async function startTestStack({ pages }) {
  await ensurePeople();
  const stateDirectory = mkdtempSync("/var/tmp/dsecos-test-");
  const stack = createStack({
    mode: "private",
    stateDirectory,
    components: ["bus", "polkit", "policies", "incus", "softhsm", "swtpm", "agent"],
    poolGiB: 8,
  });
  const { incusDirectory, environment } = stack.context;
  const shown = pages ? ["operator", "viewer", "officer", "auditor", "nobody"] : [];
  /** One Cockpit for each role, which gives everybody the session of that person. */
  const cockpits = shown.map((role) => {
    const localSession = people[/** @type {keyof typeof people} */ (role)];
    return {
      role,
      part: cockpitComponent(stack.context, { name: `cockpit-${role}`, localSession }),
    };
  });
  const stop = async () => {
    for (const { part } of cockpits) await part.stop();
    await stack.stop();
    removeTree(stateDirectory);
  };
  try {
    await stack.start((step) => console.log(`${step.name}: ${step.outcome} (${step.ms} ms)`));
    for (const { part } of cockpits) await part.start();
    await ensureImage(incusApi(join(incusDirectory, "unix.socket")));
  } catch (error) {
    await stop();
    throw error;
  }
  const addresses = cockpits.map(({ role, part }) => [
    `DSECOS_TEST_COCKPIT_${role.toUpperCase()}`,
    `http://127.0.0.1:${part.port()}`,
  ]);
  return {
    environment: {
      ...environment,
      DSECOS_TEST_STATE: stateDirectory,
      DSECOS_TEST_HSM_STATE: softhsmState(stack.context),
      DSECOS_TEST_INCUS: join(incusDirectory, "unix.socket"),
      ...Object.fromEntries(addresses),
      ...(pages ? { DSECOS_TEST_COCKPIT: addresses[0]?.[1] } : {}),
    },
    agentLog: logFile(stateDirectory, "agent"),
    stop,
  };
}
