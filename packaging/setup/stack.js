// @ts-check
import { chmodSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { agentComponent } from "./components/agent.js";
import { busComponent } from "./components/bus.js";
import { cockpitComponent } from "./components/cockpit.js";
import { incusComponent } from "./components/incus.js";
import { policiesComponent } from "./components/policies.js";
import { polkitComponent } from "./components/polkit.js";
import { softhsmComponent, softhsmState } from "./components/softhsm.js";
import { swtpmComponent, tpmTcti } from "./components/swtpm.js";
import { SYSTEM_BUS } from "./lib/bus.js";

export const PROJECT = resolve(import.meta.dirname, "../..");

/** All components, in the order of starting. */
export const COMPONENTS = /** @type {const} */ ([
  "bus",
  "polkit",
  "policies",
  "incus",
  "softhsm",
  "swtpm",
  "agent",
  "cockpit",
]);

/**
 * @typedef {object} StackOptions
 * @property {"private" | "system"} mode
 * @property {string} stateDirectory absolute and short (sockets are made in it); its parents must
 *   be traversable for all, since polkitd and the containers are not root
 * @property {readonly (typeof COMPONENTS[number])[]} [components] which of COMPONENTS; all by default
 * @property {number} [poolGiB] size of the storage pool when it is made, 20 by default
 * @property {import("./components/cockpit.js").CockpitOptions} [cockpit]
 * @property {Record<string, unknown>} [agentConfig]
 * @property {string} [distDirectory] the build's output, the project's own by default
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {"started" | "already running" | "stopped" | "not ours"} outcome
 * @property {string} detail empty when there is nothing to say
 * @property {number} ms
 */

/**
 * Describes a stack: nothing is started yet. What `start` starts is remembered in the state
 * directory, so that another process can make the same description and `stop` it.
 *
 * @param {StackOptions} options
 */
export function createStack(options) {
  const context = contextOf(options);
  const cockpit = cockpitComponent(context, options.cockpit);
  const all = {
    bus: busComponent(context),
    polkit: polkitComponent(context),
    policies: policiesComponent(context),
    incus: incusComponent(context, { poolGiB: options.poolGiB ?? 20 }),
    softhsm: softhsmComponent(context),
    swtpm: swtpmComponent(context),
    agent: agentComponent(context, { config: options.agentConfig ?? {} }),
    cockpit,
  };
  const names = options.components ?? COMPONENTS;
  const components = COMPONENTS.filter((name) => names.includes(name)).map((name) => all[name]);
  return {
    context,
    components,
    cockpit,
    /**
     * @param {typeof COMPONENTS[number]} name
     * @returns {import("./components/types.js").Component} for a test that stops or starts it alone
     */
    component(name) {
      const found = components.find((component) => component.name === name);
      if (found === undefined) throw new Error(`this stack has no ${name}`);
      return found;
    },
    /** @param {(step: Step) => void} [report] */
    start: (report) => startAll(context, components, report),
    /** @param {(step: Step) => void} [report] */
    stop: (report) => stopAll(components, report),
  };
}

/**
 * @param {StackOptions} options
 * @returns {import("./components/types.js").StackContext}
 */
function contextOf({ mode, stateDirectory, distDirectory = join(PROJECT, "dist") }) {
  // A unix socket's path has at most 107 bytes, and Incus makes some deep below.
  if (!stateDirectory.startsWith("/") || stateDirectory.length > 60)
    throw new Error(`the state directory ${stateDirectory} must be absolute and short`);
  const isPrivate = mode === "private";
  const busAddress = isPrivate ? `unix:path=${join(stateDirectory, "bus.sock")}` : SYSTEM_BUS;
  const incusDirectory = isPrivate ? join(stateDirectory, "incus") : "/var/lib/incus";
  /** @type {Record<string, string>} */
  const environment = {
    SOFTHSM2_CONF: join(softhsmState({ stateDirectory }), "softhsm2.conf"),
    TPM2TOOLS_TCTI: tpmTcti({ mode, stateDirectory }),
  };
  if (isPrivate) {
    environment.DBUS_SYSTEM_BUS_ADDRESS = busAddress;
    environment.INCUS_DIR = incusDirectory;
  }
  return { mode, stateDirectory, distDirectory, busAddress, incusDirectory, environment };
}

/**
 * @param {import("./components/types.js").StackContext} context
 * @param {import("./components/types.js").Component[]} components
 * @param {(step: Step) => void} [report]
 * @returns {Promise<Step[]>}
 */
async function startAll({ stateDirectory }, components, report) {
  mkdirSync(stateDirectory, { recursive: true });
  chmodSync(stateDirectory, 0o711);
  const steps = [];
  for (const component of components) {
    const began = Date.now();
    const running = await component.isRunning();
    const detail = running ? "" : ((await component.start()) ?? "");
    /** @type {Step} */
    const step = {
      name: component.name,
      outcome: running ? "already running" : "started",
      detail,
      ms: Date.now() - began,
    };
    steps.push(step);
    report?.(step);
  }
  return steps;
}

/**
 * Stops everything that can be stopped, in reverse order, and throws what went wrong only then.
 *
 * @param {import("./components/types.js").Component[]} components
 * @param {(step: Step) => void} [report]
 * @returns {Promise<Step[]>}
 */
async function stopAll(components, report) {
  /** @type {Step[]} */
  const steps = [];
  const failures = [];
  for (const component of components.toReversed()) {
    const began = Date.now();
    try {
      const stopped = await component.stop();
      /** @type {Step} */
      const step = {
        name: component.name,
        outcome: stopped ? "stopped" : "not ours",
        detail: "",
        ms: Date.now() - began,
      };
      steps.push(step);
      report?.(step);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
  return steps;
}

/** @typedef {ReturnType<typeof createStack>} Stack */
