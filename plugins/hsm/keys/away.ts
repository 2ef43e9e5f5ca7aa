/** Tokens that cannot be used now: their keys are listed as they were known last. */
import { hsm } from "../../../agent/hsm/contract.ts";
import { type TokenState, tokenStates } from "../../../agent/hsm/tokens/answers.ts";
import { client, listen } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";

const everyMs = 30_000;
const changes = (changed: () => void) => listen(hsm, "Changed", changed);
/** A token of another node may work there. */
const away = tokenStates.filter((state) => state !== "ready" && state !== "elsewhere");

export type AwayTokens = ReadonlyMap<string, TokenState>;

const none: AwayTokens = new Map();

/** @returns what each token that does not work is in, by its id; none until that is known */
export function useAwayTokens(): AwayTokens {
  const { data } = useQuery("away", load, { every: everyMs, changes });
  return data ?? none;
}

async function load(): Promise<AwayTokens> {
  const { rows } = await client(hsm).Tokens({
    ...{ search: "", tenant: "", driver: "", region: "", state: away, troubled: false },
    ...{ sort: "id", descending: false, cursor: "", limit: 1000 },
  });
  return new Map(rows.map(({ id, state }) => [id, state]));
}
