/** What is known of volumes beside what is declared: as Ceph had them when it was asked last. */
import type { Log } from "../../log.ts";
import type { Found } from "./kinds/types.ts";

export interface Live {
  found: Found | undefined;
  /** When Ceph was asked. */
  at: string;
  /** What is not as declared; empty where all is. */
  trouble: string;
  caveat: string;
}

export interface KnownParts {
  log: Log;
  now: () => number;
}

export class Known {
  readonly #parts: KnownParts;
  /** By tenant and volume. */
  readonly #live = new Map<string, Live>();

  constructor(parts: KnownParts) {
    this.#parts = parts;
  }

  of(tenant: string, volume: string): Live | undefined {
    return this.#live.get(idOf(tenant, volume));
  }

  tell(tenant: string, volume: string, more: Partial<Live>): void {
    const id = idOf(tenant, volume);
    const before = this.#live.get(id);
    const at = new Date(this.#parts.now()).toISOString();
    const live = { found: undefined, trouble: "", caveat: "", ...before, ...more, at };
    this.#live.set(id, live);
    if (live.trouble === "" || live.trouble === before?.trouble) return;
    this.#parts.log("info", "a volume is not as declared", { tenant, volume, why: live.trouble });
  }

  forget(tenant: string, volume: string): void {
    this.#live.delete(idOf(tenant, volume));
  }

  /** Forgets all that are not declared any more. */
  keep(isDeclared: (tenant: string, volume: string) => boolean): void {
    for (const id of this.#live.keys()) {
      const [tenant = "", volume = ""] = id.split("/");
      if (!isDeclared(tenant, volume)) this.#live.delete(id);
    }
  }

  /** Differs where something of these differs, whenever it was asked. */
  text(tenant: string, volumes: Iterable<string>): string {
    const found = [...volumes].map((volume) => {
      const { at: _at, ...rest } = this.of(tenant, volume) ?? { at: "" };
      return rest;
    });
    return JSON.stringify(found);
  }
}

const idOf = (tenant: string, volume: string) => `${tenant}/${volume}`;
