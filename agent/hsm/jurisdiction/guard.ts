/**
 * Where a tenant's keys may be, as the rest of the subsystem asks: before a token is touched.
 */
import * as v from "valibot";
import type { QuorumSetting } from "../../approvals/quorum.ts";
import { canonical } from "../../audit/canonical.ts";
import { DsecosError } from "../../bus/errors.ts";
import { apiPath, type IncusClient } from "../../incus/client.ts";
import { updateProject } from "../../tenants/project.ts";
import { type Act, type Decision, decide } from "./decide.ts";
import { type KeptRules, parseRules, type Rules, rulesKey, rulesOf } from "./rules.ts";

export interface Places {
  readonly act: Act;
  /** Region of the token as its driver file says. */
  readonly token: string;
  /** Region in the key's record; the token's unless told. */
  readonly key?: string | undefined;
  /** Region of a transfer's recipient. */
  readonly recipient?: string | undefined;
  /** Region of the node; this node's unless told. */
  readonly node?: string | undefined;
}

export interface Jurisdiction {
  /** @throws NotFound where there is no such tenant, Unavailable while nobody can tell its rules */
  decide(tenant: string, places: Places): Promise<Decision>;
  /** @returns the decision, whose rule belongs in the receipt. @throws Denied, and as `decide` */
  require(tenant: string, places: Places): Promise<Decision>;
}

export interface GuardParts {
  incus: IncusClient;
  /** Region of this node. */
  region: string;
  /** The tenant's jurisdiction. @throws NotFound, Unavailable */
  jurisdiction: (tenant: string) => Promise<string>;
  now?: () => number;
}

export interface Known {
  readonly jurisdiction: string;
  readonly kept: KeptRules | undefined;
  readonly rules: Rules;
}

/** For so long rules are not read again, in milliseconds: another node may have changed them. */
const freshMs = 2_000;
/** While Incus does not answer, what was read last holds for so long: keys outlive its restart. */
const holdsMs = 300_000;

export class Guard implements Jurisdiction {
  readonly #parts: GuardParts;
  readonly #read = new Map<string, { at: number; kept: KeptRules | undefined }>();

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  get region(): string {
    return this.#parts.region;
  }

  async decide(tenant: string, places: Places): Promise<Decision> {
    return this.judge((await this.known(tenant)).rules, places);
  }

  async require(tenant: string, places: Places): Promise<Decision> {
    const decision = await this.decide(tenant, places);
    if (!decision.allowed) {
      throw new DsecosError("Denied", `${decision.sentence} (${decision.rule})`);
    }
    return decision;
  }

  judge(rules: Rules, { act, token, key, node, recipient }: Places): Decision {
    return decide({
      ...{ act, rules },
      tokenRegion: token,
      keyRegion: key ?? token,
      nodeRegion: node ?? this.#parts.region,
      ...(recipient === undefined ? {} : { recipientRegion: recipient }),
    });
  }

  async known(tenant: string): Promise<Known> {
    const jurisdiction = await this.#parts.jurisdiction(tenant);
    const kept = await this.#kept(tenant);
    return { jurisdiction, kept, rules: rulesOf(kept, jurisdiction) };
  }

  async set(tenant: string, rules: Rules, by: string): Promise<void> {
    // Before Incus is written, so that there is a tenant.
    await this.#parts.jurisdiction(tenant);
    const setAt = new Date(this.#now()).toISOString();
    const kept: KeptRules = { version: 1, ...rules, setAt, setBy: by };
    // What is on its way must not be taken for what holds, whether it arrives or not.
    this.#read.delete(tenant);
    await updateProject(this.#parts.incus, tenant, (config) => ({
      ...config,
      [rulesKey]: canonical(kept),
    }));
    this.#read.set(tenant, { at: this.#now(), kept });
  }

  /**
   * Writes down the rules that hold, where nobody set any: from its first key on, a tenant's rules
   * no longer follow its record, which changes without a second person.
   * @returns what was written; undefined where there were rules
   */
  async pin(tenant: string): Promise<Rules | undefined> {
    const { kept, rules } = await this.known(tenant);
    if (kept !== undefined) return undefined;
    const setAt = new Date(this.#now()).toISOString();
    let pinned: Rules | undefined;
    await updateProject(this.#parts.incus, tenant, (config) => {
      pinned = config[rulesKey] === undefined ? rules : undefined;
      if (pinned === undefined) return undefined;
      const own: KeptRules = { version: 1, ...pinned, setAt, setBy: "agent" };
      return { ...config, [rulesKey]: canonical(own) };
    });
    this.#read.delete(tenant);
    return pinned;
  }

  /** A text that is another when the rules are, also where they cannot be read. */
  async fingerprint(tenant: string): Promise<string> {
    const jurisdiction = await this.#parts.jurisdiction(tenant);
    return canonical([jurisdiction, (await this.#text(tenant)) ?? ""]);
  }

  /** Who must approve, as the rules say right now and not as they were read before. */
  async quorum(tenant: string): Promise<QuorumSetting | undefined> {
    await this.#parts.jurisdiction(tenant);
    const text = await this.#text(tenant);
    return text === undefined ? undefined : readable(tenant, text).quorum;
  }

  async #text(tenant: string): Promise<string | undefined> {
    const path = apiPath("projects", tenant);
    const { config } = await this.#parts.incus.get<{ config: Record<string, string> }>(path);
    return config[rulesKey];
  }

  async #kept(tenant: string): Promise<KeptRules | undefined> {
    const before = this.#read.get(tenant);
    if (before !== undefined && this.#now() - before.at < freshMs) return before.kept;
    let text: string | undefined;
    try {
      text = await this.#text(tenant);
    } catch (error) {
      const isDown =
        error instanceof DsecosError && ["Unavailable", "Timeout"].includes(error.code);
      if (isDown && before !== undefined && this.#now() - before.at < holdsMs) return before.kept;
      throw error;
    }
    const kept = text === undefined ? undefined : readable(tenant, text);
    this.#read.set(tenant, { at: this.#now(), kept });
    return kept;
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }
}

function readable(tenant: string, text: string): KeptRules {
  try {
    return parseRules(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError || v.isValiError(cause))) throw cause;
    const what = `The rules of ${tenant} cannot be read, so its keys cannot be used; look at “incus project get ${tenant} ${rulesKey}” and put it right.`;
    throw new DsecosError("Conflict", what, { cause });
  }
}
