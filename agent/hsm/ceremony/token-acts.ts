/** Acts about tokens: reading one back, making one, putting its PIN right. */
import { DsecosError } from "../../bus/errors.ts";
import { asking } from "../errors.ts";
import type { Token, Tokens } from "../parts.ts";
import type { ActContext, CeremonyAct } from "./acts.ts";
import { actNames } from "./scripts.ts";
import { tokenFacts } from "./token-facts.ts";

export interface CeremonyTokens extends Tokens {
  /** The tenant's token on that driver; made where it is missing, and found where it is there. */
  makeFor(tenant: string, driver: string, by: string): Promise<Token>;
  /** Lets the token's security officer set the PIN to what the driver knows. */
  resetPin(token: Token): Promise<void>;
}

export function tokenActs(tokens: CeremonyTokens): CeremonyAct[] {
  return [
    {
      name: actNames.readToken,
      run: async (context) => tokenFacts(await login(await context.token())),
    },
    {
      name: actNames.createToken,
      async prepare(context) {
        const { tenant, driver } = needed(context);
        if (!context.rehearsal) await refuseSecond(tokens, tenant, driver);
      },
      async run(context) {
        const { tenant, driver } = needed(context);
        if (context.rehearsal) return tokenFacts(await login(await context.token()));
        const token = await tokens.makeFor(tenant, driver, context.people.join(" and "));
        return tokenFacts(await login(token));
      },
      // A token may have keys by then, made by others: it is not for a ceremony to destroy.
      async undo({ rehearsal, options: { tenant = "", driver } }) {
        if (rehearsal) return "";
        const token = (await tokens.all(tenant)).find((one) => one.driver.name === driver);
        return token === undefined ? "" : `The token ${token.id} of ${tenant} stays.`;
      },
    },
    {
      name: actNames.resetPin,
      isRuled: true,
      async run(context) {
        const token = await context.token();
        await tokens.resetPin(token);
        return tokenFacts(await login(token));
      },
    },
  ];
}

/** Asks for something that needs the PIN, so that what is read back tells whether it is accepted. */
async function login(token: Token): Promise<Token> {
  const { driver, label, id } = token;
  await asking({ driver: driver.name, token: id }, () => driver.keys(label));
  return token;
}

async function refuseSecond(tokens: Tokens, tenant: string, driver: string): Promise<void> {
  const there = (await tokens.all(tenant)).find((token) => token.driver.name === driver);
  if (there === undefined) return;
  throw new DsecosError("Conflict", `${tenant} has the token ${there.id} already.`);
}

function needed({ options: { tenant, driver } }: ActContext): { tenant: string; driver: string } {
  if (tenant !== undefined && driver !== undefined) return { tenant, driver };
  throw new DsecosError("InvalidArgument", "This needs a tenant and a driver; start it with both.");
}
