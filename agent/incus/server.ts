/** What is known of this node's Incus: whether it runs, its version, drivers, pool and network. */
import { existsSync } from "node:fs";
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "./client.ts";
import { stopped } from "./errors.ts";

export interface Health {
  state: "running" | "missing" | "stopped" | "unknown";
  /** Empty when it does not run. */
  version: string;
  /** What to do, in a sentence; empty when it runs. */
  remedy: string;
}

export interface Pool {
  name: string;
  driver: string;
  /** True where the pool holds a volume to its size. */
  enforced: boolean;
  /** Driver of pools for single tenants beside it; undefined where there can be none. */
  tenantDriver?: "dir" | "btrfs";
}

/** Where packages put the daemon. */
const daemons = [
  "/usr/libexec/incus/incusd",
  "/usr/lib/incus/incusd",
  "/usr/sbin/incusd",
  "/usr/bin/incusd",
  "/opt/incus/bin/incusd",
];

/** Drivers that refuse to write more than a volume's size; `dir` only does on project quotas. */
const enforcing = new Set(["btrfs", "zfs", "lvm", "lvmcluster", "ceph", "cephfs", "linstor"]);

interface ServerAnswer {
  environment: { server_version: string; driver: string; server_name: string };
}

interface PoolAnswer {
  driver: string;
  config: Record<string, string>;
}

type Devices = Record<string, Record<string, string>>;

export class IncusServer {
  readonly #client: IncusClient;
  readonly #poolName: string;
  #health: Health = { state: "unknown", version: "", remedy: "Incus was not asked yet; wait." };
  #drivers: string[] = [];
  #network: string | undefined;
  #pool: Pool | undefined;

  constructor(client: IncusClient, poolName: string) {
    this.#client = client;
    this.#poolName = poolName;
  }

  get health(): Health {
    return this.#health;
  }

  /** Managed network that the default profile of Incus's default project attaches. */
  get network(): string | undefined {
    return this.#network;
  }

  get poolName(): string {
    return this.#poolName;
  }

  get runsMachines(): boolean {
    return this.#drivers.includes("qemu");
  }

  /** @throws NotFound when Incus has no pool of the configured name. */
  async pool(): Promise<Pool> {
    this.#pool ??= await this.#readPool();
    return this.#pool;
  }

  /** The pool, when it was read before. */
  get knownPool(): Pool | undefined {
    return this.#pool;
  }

  /** Asks Incus how it is. @returns true when it answers. */
  async probe(): Promise<boolean> {
    try {
      const answer = await this.#client.get<ServerAnswer>("/1.0", { timeoutMs: 5_000 });
      this.#drivers = answer.environment.driver.split(" | ");
      this.#health = { state: "running", version: answer.environment.server_version, remedy: "" };
      return true;
    } catch (error) {
      if (!(error instanceof DsecosError)) throw error;
      this.#health = { ...healthOf(error), version: "" };
      return false;
    }
  }

  /** Reads what shapes the tenants' projects. @throws DsecosError */
  async reload(): Promise<void> {
    const profile = await this.#client.get<{ devices: Devices }>("/1.0/profiles/default");
    const nic = Object.values(profile.devices).find((device) => device.type === "nic");
    this.#network = nic?.network;
    try {
      this.#pool = await this.#readPool();
    } catch (error) {
      // Tenants can be seen without a pool; creating an instance tells what is missing.
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
      this.#pool = undefined;
    }
  }

  async #readPool(): Promise<Pool> {
    const name = this.#poolName;
    try {
      const path = apiPath("storage-pools", name);
      const { driver, config } = await this.#client.get<PoolAnswer>(path);
      const pool = { name, driver, enforced: enforcing.has(driver) };
      const tenantDriver = tenantDriverOf(driver, config.source ?? "");
      return tenantDriver === undefined ? pool : { ...pool, tenantDriver };
    } catch (error) {
      if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
      throw new DsecosError(
        "NotFound",
        `Incus has no storage pool “${name}”; create it with “incus storage create ${name} zfs” or btrfs.`,
        { cause: error },
      );
    }
  }
}

/** A pool on a device of its own leaves no place for others; one in a file or directory does. */
function tenantDriverOf(driver: string, source: string): Pool["tenantDriver"] {
  if (driver === "dir") return "dir";
  return driver === "btrfs" && /\/disks\/[^/]+\.img$/.test(source) ? "btrfs" : undefined;
}

function healthOf(error: DsecosError): Omit<Health, "version"> {
  if (error.code === "Timeout") {
    return {
      state: "unknown",
      remedy: "Incus does not answer; look at “journalctl -u incus” and restart it if it hangs.",
    };
  }
  if (!daemons.some((path) => existsSync(path))) {
    return {
      state: "missing",
      remedy: "Incus is not installed; install it with “apt install incus”.",
    };
  }
  // Broken off just now means that it is on its way down, or up again, which the next look tells.
  const remedy = error.message.includes("broke off") ? stopped : error.message;
  return { state: "stopped", remedy };
}
