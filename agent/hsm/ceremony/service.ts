/** Answers about key ceremonies. */
import { DsecosError } from "../../bus/errors.ts";
import type { Answers } from "../area.ts";
import { Ceremonies, type CeremoniesParts } from "./ceremonies.ts";
import type { ceremonyMembers } from "./members.ts";
import { signedRecord } from "./record.ts";
import { type KeyParts, rootKeyAct } from "./root-key.ts";
import { scripts } from "./scripts.ts";
import { type CeremonyTokens, tokenActs } from "./token-acts.ts";

export type CeremonyParts = Omit<CeremoniesParts, "tokens"> & KeyParts & { tokens: CeremonyTokens };

export interface CeremonyService {
  handlers: Answers<typeof ceremonyMembers>;
  /** Goes on with what the agent's end broke off, in the background. */
  start(): void;
  stop(): void;
}

/** @param parts `scripts` and `acts` are those of other areas, beside the ones that are here. */
export function createCeremonies(parts: CeremonyParts): CeremonyService {
  const { tokens } = parts;
  const ceremonies = new Ceremonies({
    ...parts,
    scripts: [...scripts, ...parts.scripts],
    acts: [...tokenActs(tokens), rootKeyAct(parts), ...parts.acts],
  });
  const show = async (id: string) => (await ceremonies.find(id)).shown(ceremonies.isActing(id));
  return {
    handlers: {
      async CeremonyScripts() {
        return [...ceremonies.scripts];
      },
      async Ceremonies() {
        return (await ceremonies.list()).map((state) => state.row());
      },
      Ceremony: (_call, id) => show(id),
      async StartCeremony({ caller }, script, options, rehearsal) {
        return show((await ceremonies.begin(caller, script, options, rehearsal)).id);
      },
      async ConfirmStep({ caller }, id, step, hash) {
        return show((await ceremonies.confirm(caller, id, step, hash)).id);
      },
      async AbortCeremony({ caller }, id, reason) {
        return show((await ceremonies.abort(caller, id, reason)).id);
      },
      async CeremonyRecord(_call, id) {
        const state = await ceremonies.find(id);
        if (state.state === "complete" && state.signed) return signedRecord(state, state.signed);
        const what = `Ceremony ${id} is not complete; its record is signed in its last step.`;
        throw new DsecosError("Conflict", what);
      },
    },
    start() {
      void ceremonies.start();
    },
    stop: () => ceremonies.stop(),
  };
}
