/** Tokens by tenant: what is declared, and what drivers say is there. */
import { DsecosError } from "../../bus/errors.ts";
import type { Log } from "../../log.ts";
import { KeyedLock } from "../../tenants/locks.ts";
import type { DriverConfig } from "../config.ts";
import { DriverError, type TokenInfo } from "../driver/types.ts";
import type { Drivers, OpenedDriver } from "../drivers/drivers.ts";
import { asking } from "../errors.ts";
import type { Token, Tokens } from "../parts.ts";
import type { Declarations, DeclaredToken } from "./declared.ts";
import { type Infos, TokenInfos } from "./infos.ts";
import { labelOf, nodeLabel, rehearsalLabel, tokenId } from "./label.ts";

export interface TokenBookParts {
  drivers: Drivers;
  declarations: Declarations;
  node: string;
  /** Where this node is. */
  region: string;
  log: Log;
  /** Told that tokens are others than before. */
  changed: () => void;
}

/** A token that is declared, with the driver if this node has it. */
export interface Known {
  readonly tenant: string;
  readonly declared: DeclaredToken;
  readonly token?: Token;
}

export class TokenBook implements Tokens {
  readonly #parts: TokenBookParts;
  readonly #infos = new Map<OpenedDriver, TokenInfos>();
  readonly #making = new KeyedLock();

  constructor(parts: TokenBookParts) {
    this.#parts = parts;
  }

  /** Every declared token. */
  async known(): Promise<Known[]> {
    const book = await this.#declared();
    const known: Known[] = [];
    for (const [tenant, tokens] of book) {
      for (const declared of tokens) known.push(this.#known(tenant, declared));
    }
    return known;
  }

  async of(tenant: string, region?: string): Promise<Token> {
    const tokens = await this.all(tenant);
    const fitting = tokens.find((token) => region === undefined || token.region === region);
    if (fitting !== undefined) return fitting;
    const where = region === undefined ? "" : ` in ${region}`;
    const what = `${tenant} has no token${where} that this node reaches; let an officer create one.`;
    throw new DsecosError("NotFound", what);
  }

  async all(tenant: string): Promise<Token[]> {
    const declared = (await this.#declared()).get(tenant) ?? [];
    return declared.flatMap((one) => this.#known(tenant, one).token ?? []);
  }

  async every(): Promise<Token[]> {
    return (await this.known()).flatMap(({ token }) => token ?? []);
  }

  async get(id: string): Promise<Token> {
    const token = (await this.every()).find((one) => one.id === id);
    if (token !== undefined) return token;
    throw new DsecosError("NotFound", `There is no token ${id}; list the tokens to see which.`);
  }

  node(): Promise<Token> {
    const isHere = ({ config }: OpenedDriver) => config.region === this.#parts.region;
    return this.#own(nodeLabel, (drivers) => drivers.find(isHere) ?? drivers[0]);
  }

  rehearsal(): Promise<Token> {
    return this.#own(rehearsalLabel, async (drivers) => {
      for (const opened of drivers) {
        const { name, driver } = opened;
        // Empty slots, too: hardware without a token yet is hardware.
        const slots = await asking({ driver: name }, () => driver.tokens());
        if (slots.every(({ hardware }) => !hardware)) return opened;
      }
      return undefined;
    });
  }

  async info(token: Token): Promise<TokenInfo | undefined> {
    const opened = this.#parts.drivers.find(token.driver.name);
    if (opened === undefined) return undefined;
    return (await this.infos(opened)).get(token.label);
  }

  /** Initialized tokens of a driver by label. */
  infos(opened: OpenedDriver): Promise<Infos> {
    const kept = this.#infos.get(opened);
    if (kept !== undefined) return kept.get();
    const infos = new TokenInfos(opened, this.#parts.log, this.#parts.changed);
    this.#infos.set(opened, infos);
    return infos.get();
  }

  /** What drivers say is asked again. */
  forgetInfos(): void {
    this.#infos.clear();
  }

  /**
   * Declares a token and makes it where it is to be made by us. Ends well when it is asked for again
   * after it broke off.
   */
  make(tenant: string, label: string, opened: OpenedDriver, by: string): Promise<Token> {
    const { declarations, node } = this.#parts;
    const { name, config, driver } = opened;
    const id = tokenId(name, label);
    return this.#making.run(id, async () => {
      this.forgetInfos();
      const there = (await this.infos(opened)).get(label);
      if (config.tokens !== "created" && there === undefined) {
        const what = `The driver ${name} names the token ${label}, and it is not there; let who runs the HSM make it.`;
        throw new DsecosError("Unavailable", what);
      }
      const isIt = (one: DeclaredToken) => one.driver === name && one.label === label;
      const declared: DeclaredToken = {
        ...{ driver: name, label, node },
        region: config.region,
        serial: there?.serial ?? "",
        createdAt: new Date().toISOString(),
        createdBy: by,
      };
      // First, so that one that is half made is looked for.
      await declarations.change(tenant, (now) =>
        now.some(isIt) ? now : [...now, { ...declared, serial: "" }],
      );
      const made = there ?? (await this.#create(opened, label));
      await declarations.change(tenant, (now) =>
        now.map((one) => (isIt(one) ? { ...one, serial: made.serial } : one)),
      );
      this.forgetInfos();
      return { id, driver, config, label, tenant, region: config.region };
    });
  }

  async #create({ name, driver }: OpenedDriver, label: string): Promise<TokenInfo> {
    try {
      return await asking({ driver: name, token: tokenId(name, label) }, () =>
        driver.createToken(label),
      );
    } finally {
      this.forgetInfos();
    }
  }

  async #own(
    label: string,
    choose: (
      drivers: OpenedDriver[],
    ) => OpenedDriver | undefined | Promise<OpenedDriver | undefined>,
  ): Promise<Token> {
    const { drivers, node } = this.#parts;
    const mine = (await this.#declared()).get("") ?? [];
    const declared = mine.find((one) => one.label === label && one.node === node);
    if (declared !== undefined) {
      const { token } = this.#known("", declared);
      if (token === undefined) {
        const what = `The driver ${declared.driver} has the node's token and is not set up; bring its file back.`;
        throw new DsecosError("Unavailable", what);
      }
      if (declared.serial !== "") return token;
    }
    const able = drivers.all().filter(({ config }) => canMake(config, label));
    const opened = await choose(able);
    if (opened === undefined) {
      throw new DsecosError(
        "Unavailable",
        `No driver can have the node's token ${label}; set one up that makes tokens.`,
      );
    }
    return this.make("", label, opened, "dsecos-agent");
  }

  async #declared() {
    await this.#parts.drivers.ready();
    return this.#parts.declarations.all();
  }

  #known(tenant: string, declared: DeclaredToken): Known {
    const opened = this.#parts.drivers.find(declared.driver);
    if (opened === undefined) return { tenant, declared };
    const { driver, config } = opened;
    const { label, region } = declared;
    const id = tokenId(declared.driver, label);
    return { tenant, declared, token: { id, driver, config, label, tenant, region } };
  }
}

/** The label that a driver's token for a tenant has; undefined where it is to have none there. */
export function labelFor(config: DriverConfig, tenant: string): string | undefined {
  if (config.tokens === "created") return labelOf(tenant);
  return config.tokens.find((one) => one.tenant === tenant)?.label;
}

function canMake(config: DriverConfig, label: string): boolean {
  return config.tokens === "created" || config.tokens.some((one) => one.label === label);
}

/** Whether a failure means that nobody can be asked, and not that something is missing. */
export function isAway(error: unknown): boolean {
  const cause = error instanceof DsecosError ? error.cause : error;
  if (!(cause instanceof DriverError)) return false;
  return ["unavailable", "closed", "timeout", "module"].includes(cause.kind);
}
