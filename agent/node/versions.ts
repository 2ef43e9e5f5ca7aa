/** Versions of what matters on this node, from dpkg's own list. */
import type { System } from "./system.ts";

const packages = [
  "dsecos-agent",
  "cockpit-ws",
  "incus-base",
  "incus",
  "polkitd",
  "dbus",
  "selinux-policy-default",
  "policycoreutils",
  "nftables",
  "auditd",
  "softhsm2",
  "libsofthsm2",
  "swtpm",
  "tpm2-tools",
  "ceph-common",
] as const;

const statusFile = "/var/lib/dpkg/status";

/** Asks dpkg again only when its list of packages has changed. */
export class Versions {
  readonly #system: System;
  #changedAt: number | undefined;
  #known: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /** @returns versions of the installed ones among those that matter, by package. */
  async installed(): Promise<ReadonlyMap<string, string>> {
    const changedAt = await this.#system.changedAt(statusFile);
    if (this.#known === undefined || changedAt !== this.#changedAt) {
      this.#changedAt = changedAt;
      this.#known = this.#ask();
    }
    try {
      return await this.#known;
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  async #ask(): Promise<ReadonlyMap<string, string>> {
    // dpkg-query ends with 1 when it does not know one of them, and still prints the others.
    const format = `\${Package}\t\${Version}\t\${db:Status-Status}\n`;
    const ran = await this.#system.run("dpkg-query", ["-W", "-f", format, ...packages]);
    const lines = (ran?.out ?? "").split("\n").map((line) => line.split("\t"));
    return new Map(
      lines.flatMap(([name, version, status]) =>
        name && version && status === "installed" ? [[name, version] as const] : [],
      ),
    );
  }
}
