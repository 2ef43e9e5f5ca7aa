/** Answers about tokens, and making them. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { CeremonyTokens } from "../ceremony/token-acts.ts";
import type { Drivers } from "../drivers/drivers.ts";
import { asking } from "../errors.ts";
import { pageOfRows, searched } from "../pages.ts";
import type { Token } from "../parts.ts";
import type { TokenFilter, TokenPage, TokenRow } from "./answers.ts";
import type { Declarations } from "./declared.ts";
import { tokenId } from "./label.ts";
import { type RowParts, tokenRows } from "./rows.ts";
import { labelFor, type TokenBook } from "./tokens.ts";

export interface TokenServiceParts extends RowParts {
  drivers: Drivers;
  book: TokenBook;
  declarations: Declarations;
  /** @throws NotFound, or Conflict where the tenant is being deleted */
  tenant: (name: string) => Promise<void>;
  /** Names of keys in a token that are not destroyed, read now. */
  living: (token: Token) => Promise<readonly string[]>;
  /** The same of whoever had the token before, too; absent where nobody makes tokens. */
  left?: (token: Token) => Promise<readonly string[]>;
  /** Told that a token is there or is usable again. */
  settled: (token: Token) => void;
  changed: () => void;
}

export function createTokens(parts: TokenServiceParts) {
  const { book, drivers, declarations } = parts;

  async function row(id: string): Promise<TokenRow> {
    const found = (await tokenRows(parts)).find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new DsecosError("NotFound", `There is no token ${id}; list the tokens to see which.`);
  }

  async function list(filter: TokenFilter): Promise<TokenPage> {
    const matches = searched(filter.search);
    const states = new Set<string>(filter.state);
    const rows = (await tokenRows(parts)).filter(
      (one) =>
        (filter.tenant === "" || one.tenant === filter.tenant) &&
        (filter.driver === "" || one.driver === filter.driver) &&
        (filter.region === "" || one.region === filter.region) &&
        (states.size === 0 || states.has(one.state)) &&
        (!filter.troubled || one.troubles.length > 0) &&
        matches(one.id, one.tenant, one.region, one.serial),
    );
    const { sort } = filter;
    const value = (one: TokenRow) => (sort === "keys" ? (one.keys ?? -1) : one[sort]);
    return pageOfRows(rows, { ...filter, value, id: ({ id }) => id });
  }

  async function make(tenant: string, name: string, by: string): Promise<Token> {
    await parts.tenant(tenant);
    await drivers.load();
    const opened = drivers.find(name);
    if (opened === undefined) {
      const what = `There is no driver ${name}; GetDrivers lists those that can be used.`;
      throw new DsecosError("NotFound", what);
    }
    const label = labelFor(opened.config, tenant);
    if (label === undefined) {
      const what = `The driver ${name} has no token for ${tenant}; let its file name one.`;
      throw new DsecosError("Conflict", what);
    }
    const id = tokenId(name, label);
    const known = (await book.known()).find((one) => one.token?.id === id);
    if (known !== undefined && known.tenant !== tenant) {
      throw new DsecosError(
        "Conflict",
        `The token ${id} belongs to another tenant; choose another.`,
      );
    }
    if (known !== undefined && known.declared.serial !== "") {
      const { state } = await row(id);
      // Both would have the label when it comes back, and then neither could be used.
      const what =
        state === "absent"
          ? `${tenant} has the token ${id}, which is gone; bring it back from its backup, or forget it first where nobody needs its keys.`
          : `${tenant} has the token ${id} already; use it.`;
      throw new DsecosError("Conflict", what);
    }
    await refuseLeftKeys(tenant, label, name);
    const token = await book.make(tenant, label, opened, by);
    parts.settled(token);
    parts.changed();
    return token;
  }

  /** A token of that label may be an earlier tenant's, whose keys are not the new one's. */
  async function refuseLeftKeys(tenant: string, label: string, name: string): Promise<void> {
    const opened = drivers.find(name);
    // Not as it was a while ago: one that was taken away then may be back.
    book.forgetInfos();
    if (opened === undefined || !(await book.infos(opened)).has(label)) return;
    const { driver, config } = opened;
    const { region } = config;
    const token = { id: tokenId(name, label), driver, config, label, tenant, region };
    const [key] = await (parts.left ?? parts.living)(token);
    if (key === undefined) return;
    const what = `A token ${token.id} is there already with the key ${key}, which nobody declared; find out whose it is before ${tenant} gets it.`;
    throw new DsecosError("Conflict", what);
  }

  async function forget(id: string): Promise<TokenRow> {
    const before = await row(id);
    if (before.node === "") {
      throw new DsecosError(
        "Conflict",
        `Nobody declared the token ${id}; there is nothing to forget.`,
      );
    }
    const token = (await book.known()).find((one) => one.token?.id === id)?.token;
    if (before.state !== "absent" && before.state !== "uninitialized" && token !== undefined) {
      const [key] = await parts.living(token);
      if (key !== undefined) {
        const what = `The token ${id} still has the key ${key}; destroy its keys first.`;
        throw new DsecosError("Conflict", what);
      }
    }
    await declarations.change(before.tenant, (now) =>
      now.filter((one) => tokenId(one.driver, one.label) !== id),
    );
    parts.changed();
    return before;
  }

  async function pin(token: Token, act: (token: Token) => Promise<void>): Promise<void> {
    try {
      await asking({ driver: token.driver.name, token: token.id }, () => act(token));
    } finally {
      book.forgetInfos();
      parts.changed();
    }
    parts.settled(token);
  }

  const reset = (token: Token) => pin(token, ({ driver, label }) => driver.resetPin(label));

  /** What ceremonies do to tokens, beside looking at them. */
  const forCeremonies: CeremonyTokens = {
    of: (tenant, region) => book.of(tenant, region),
    all: (tenant) => book.all(tenant),
    every: () => book.every(),
    node: () => book.node(),
    rehearsal: () => book.rehearsal(),
    get: (id) => book.get(id),
    info: (token) => book.info(token),
    async makeFor(tenant, driver, by) {
      const known = await book.known();
      const made = known.find(
        ({ declared, ...one }) =>
          one.tenant === tenant && declared.driver === driver && declared.serial !== "",
      );
      return made?.token ?? (await make(tenant, driver, by));
    },
    resetPin: reset,
  };

  return {
    row,
    list,
    forCeremonies,
    handlers: {
      Tokens: (_call: Call, filter: TokenFilter) => list(filter),
      async CreateToken(call: Call, tenant: string, driver: string) {
        return row((await make(tenant, driver, call.caller.user)).id);
      },
      ForgetToken: (_call: Call, id: string) => forget(id),
      async RetryPin(_call: Call, id: string) {
        await pin(await book.get(id), ({ driver, label }) => driver.retryPin(label));
        return row(id);
      },
      async ResetPin(_call: Call, id: string) {
        await reset(await book.get(id));
        return row(id);
      },
    },
    fingerprints: {
      /** Which token, so that no other gets the PIN that has its label by then. */
      RetryPin: async (_call: Call, id: string) => {
        const { state, serial } = await row(id);
        return `${state} ${serial}`;
      },
      ResetPin: async (_call: Call, id: string) => {
        const { state, serial } = await row(id);
        return `${state} ${serial}`;
      },
      ForgetToken: async (_call: Call, id: string) => {
        const { state, serial, keys } = await row(id);
        return `${state} ${serial} ${keys}`;
      },
    },
  };
}
