/** The engines that do the work on a node: which are there, which run, what to do about the rest. */
import type { Engine } from "./contract.ts";
import { hsmModules, softHsmModules } from "./pkcs11.ts";
import { bounded, type System } from "./system.ts";

type State = Engine["state"];

interface Probed {
  readonly state: State;
  /** Used where it is not running; the definition's words are used where it is missing. */
  readonly remedy?: string;
}

interface Facts {
  readonly processes: ReadonlySet<string>;
  readonly incusSocket: string;
}

interface EngineDefinition {
  readonly name: string;
  readonly purpose: string;
  /** Packages whose version stands for the engine's, best first. */
  readonly packages: readonly string[];
  readonly install: string;
  probe(system: System, facts: Facts): Promise<Probed>;
}

const programPlaces = ["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/lib/polkit-1"];

async function installed(system: System, program: string): Promise<boolean> {
  const found = await Promise.all(
    programPlaces.map((place) => system.exists(`${place}/${program}`)),
  );
  return found.includes(true);
}

/** A tool that is ready once it is installed. */
async function tool(system: System, ...programs: string[]): Promise<Probed> {
  const found = await Promise.all(programs.map((program) => installed(system, program)));
  return { state: found.every((one) => one) ? "running" : "missing" };
}

/** A service that is there as a program and runs as a process. */
async function service(
  system: System,
  facts: Facts,
  program: string,
  remedy: string,
): Promise<Probed> {
  if (facts.processes.has(program.slice(0, 15))) return { state: "running" };
  return (await installed(system, program)) ? { state: "stopped", remedy } : { state: "missing" };
}

export const engineDefinitions: readonly EngineDefinition[] = [
  {
    name: "Incus",
    purpose: "Runs the containers and virtual machines of the tenants.",
    packages: ["incus-base", "incus"],
    install: "apt install incus",
    probe: async (system, { incusSocket }) => {
      if (await system.answers(incusSocket)) return { state: "running" };
      const found = await installed(system, "incus");
      return { state: found ? "stopped" : "missing", remedy: "systemctl start incus.service" };
    },
  },
  {
    name: "SELinux tools",
    purpose: "Build and load the policy that keeps tenants apart.",
    packages: ["policycoreutils", "selinux-policy-default"],
    install: "apt install selinux-basics selinux-policy-default policycoreutils",
    probe: (system) => tool(system, "semodule", "restorecon"),
  },
  {
    name: "PKCS#11",
    purpose: "Reaches the security module that holds the keys.",
    packages: ["libsofthsm2", "softhsm2"],
    install: "Install the PKCS#11 module of the HSM's maker; for a trial: apt install softhsm2",
    probe: async (system) => {
      const found = await Promise.all([hsmModules(system), softHsmModules(system)]);
      return { state: found.flat().length > 0 ? "running" : "missing" };
    },
  },
  {
    name: "TPM",
    purpose: "Measures the start of the node and proves it to others.",
    packages: ["tpm2-tools", "swtpm"],
    install: "Enable the TPM 2.0 in the firmware's set-up.",
    probe: async (system, { processes }) => {
      const device = await system.exists("/sys/class/tpm/tpm0");
      if (device || processes.has("swtpm")) return { state: "running" };
      const found = await installed(system, "swtpm");
      return { state: found ? "stopped" : "missing", remedy: "Start swtpm, or use a real TPM." };
    },
  },
  {
    name: "Ceph",
    purpose: "Keeps the tenants' data on many disks and nodes.",
    packages: ["ceph-common"],
    install: "apt install ceph-common",
    probe: async (system, { processes }) => {
      if (["ceph-mon", "ceph-osd", "ceph-mgr"].some((name) => processes.has(name))) {
        return { state: "running" };
      }
      const found = await installed(system, "ceph");
      return { state: found ? "stopped" : "missing", remedy: "systemctl start ceph.target" };
    },
  },
  {
    name: "nftables",
    purpose: "Filters what reaches the node and its tenants.",
    packages: ["nftables"],
    install: "apt install nftables",
    probe: (system) => tool(system, "nft"),
  },
  {
    name: "auditd",
    purpose: "Writes down what the kernel saw, beside the agent's own record.",
    packages: ["auditd"],
    install: "apt install auditd",
    probe: (system, facts) => service(system, facts, "auditd", "systemctl start auditd.service"),
  },
  {
    name: "Cockpit",
    purpose: "Serves these pages and the login.",
    packages: ["cockpit-ws"],
    install: "apt install cockpit",
    probe: async (system, { processes }) => {
      const names = ["cockpit-ws", "cockpit-tls", "cockpit-wsinsta"];
      // systemd starts it on demand where its socket is enabled.
      const wanted = "/etc/systemd/system/sockets.target.wants/cockpit.socket";
      const awake = names.some((name) => processes.has(name));
      if (awake || (await system.link(wanted)) !== undefined) return { state: "running" };
      const found = await Promise.all(
        ["/usr/lib/cockpit/cockpit-ws", "/usr/libexec/cockpit-ws"].map((path) =>
          system.exists(path),
        ),
      );
      const state = found.includes(true) ? "stopped" : "missing";
      return { state, remedy: "systemctl enable --now cockpit.socket" };
    },
  },
  {
    name: "polkit",
    purpose: "Decides what each person may do.",
    packages: ["polkitd"],
    install: "apt install polkitd",
    probe: (system, facts) => service(system, facts, "polkitd", "systemctl start polkit.service"),
  },
];

/** @returns one for each engine; `unknown` with the reason for one that could not be asked */
export async function probeEngines(
  system: System,
  versions: ReadonlyMap<string, string>,
  facts: Facts,
): Promise<Engine[]> {
  return await Promise.all(
    engineDefinitions.map(async (definition): Promise<Engine> => {
      const { name, purpose, packages, install } = definition;
      const from = packages.find((one) => versions.has(one));
      const version = from === undefined ? "" : (versions.get(from) ?? "");
      try {
        const { state, remedy = "" } = await bounded(definition.probe(system, facts), name);
        const todo = { running: "", missing: install, stopped: remedy, unknown: remedy }[state];
        return { name, purpose, state, version, remedy: todo };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return {
          name,
          purpose,
          state: "unknown",
          version,
          remedy: `It could not be asked: ${why}`,
        };
      }
    }),
  );
}
