/** Gives tenants their slots of the SELinux policy, one at a time on this node. */
import type { AuditWriter } from "../audit/types.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import { slotName } from "../selinux/policy/names.ts";
import { type LoadedSlots, SlotError } from "../selinux/policy/slots.ts";
import { noSpareSlot, notHere, notYetRead } from "./home-words.ts";
import { KeyedLock } from "./locks.ts";
import { numberKey, rightfulNumber, type SlotPool, spareNumber } from "./numbers.ts";
import { readNumbered, readPools } from "./pools.ts";
import { updateProject } from "./project.ts";
import type { Entry, TenantView } from "./view.ts";

export interface NumberingDeps {
  client: IncusClient;
  view: TenantView;
  audit: AuditWriter;
  slots: () => LoadedSlots;
}

/** A number for a tenant that is being created; `undefined` where it gets none now. */
export interface HeldNumber {
  readonly number: number | undefined;
  release(): void;
}

/** How often somebody else may come first before it is given up. */
const rounds = 10;
/** Where no slot is spare, they are counted again after this time, in milliseconds. */
const fullMs = 30_000;

export class Numbering {
  readonly #deps: NumberingDeps;
  readonly #held = new Set<number>();
  readonly #turns = new KeyedLock();
  #full: { slots: LoadedSlots; at: number } | undefined;

  constructor(deps: NumberingDeps) {
    this.#deps = deps;
  }

  /** Keeps a spare number for a tenant until its project is there. */
  async hold(): Promise<HeldNumber> {
    const slots = this.#deps.slots();
    const none = { number: undefined, release: () => undefined };
    if (typeof slots === "string") return none;
    return this.#turns.run("", async () => {
      // A number that is let go during the reading may be missing in what was read.
      const held = new Set(this.#held);
      const { numbered, pools } = await this.#read();
      const used = numbered.map(({ number }) => number);
      try {
        const number = spareNumber({ slots, used, pools, held });
        this.#held.add(number);
        return { number, release: () => void this.#held.delete(number) };
      } catch (error) {
        if (!(error instanceof SlotError)) throw error;
        return none; // The tenant is created all the same, and its row says what to do.
      }
    });
  }

  /**
   * Gives a tenant the number that is rightly its own, which is looked at again after it was
   * written, since on another node somebody may have written the same.
   *
   * @returns the number, and the slots' pools as they are
   * @throws DsecosError with what to do where there is none for it
   */
  settle(name: string): Promise<{ number: number; pools: SlotPool[] }> {
    return this.#turns.run("", async () => {
      for (let round = 1; round <= rounds; round += 1) {
        const { view, slots } = this.#deps;
        if (slots() === "unknown") throw notYetRead();
        const { number: known, record } = view.get(name);
        const held = new Set(this.#held);
        const { numbered, pools } = await this.#read(known);
        const number = numbered.find((one) => one.name === name)?.number;
        if (number !== known) {
          await view.refresh(name);
          continue;
        }
        const others = numbered.filter((one) => one.name !== name);
        const { createdAt } = record;
        const right = this.#rightful({ name, createdAt, number, others, pools, held });
        if (right === number) return { number, pools };
        await this.#write(name, number, right);
      }
      const message = `Others take every slot that ${name} is given; try again in a moment.`;
      throw new DsecosError("Conflict", message);
    });
  }

  /** Many tenants without a slot are not worth a look at all projects each. */
  isFull({ number }: Entry): boolean {
    const full = this.#full;
    if (number !== undefined || full === undefined) return false;
    return full.slots === this.#deps.slots() && performance.now() - full.at < fullMs;
  }

  /** Tells that a slot was given back. */
  freed(): void {
    this.#full = undefined;
  }

  has(number: number): boolean {
    const slots = this.#deps.slots();
    return typeof slots === "string" || slots.includes(number);
  }

  async #read(of?: number) {
    const { client } = this.#deps;
    const [numbered, pools] = await Promise.all([readNumbered(client, of), readPools(client)]);
    return { numbered, pools };
  }

  #rightful(situation: Omit<Parameters<typeof rightfulNumber>[0], "slots">): number {
    const slots = this.#deps.slots();
    const { name, number: before } = situation;
    try {
      const from = typeof slots === "string" ? [] : slots;
      const number = rightfulNumber({ ...situation, slots: from });
      if (!this.has(number)) throw new DsecosError("Conflict", notHere(name, number));
      return number;
    } catch (error) {
      if (!(error instanceof SlotError)) throw error;
      if (slots === "none" && before !== undefined) {
        throw new DsecosError("Conflict", notHere(name, before), { cause: error });
      }
      this.#full = { slots, at: performance.now() };
      throw new DsecosError("Conflict", noSpareSlot, { cause: error });
    }
  }

  async #write(name: string, was: number | undefined, is: number): Promise<void> {
    const { client, view, audit } = this.#deps;
    await updateProject(client, name, async (config) => {
      // On record before it is done, like every other change.
      await audit.append({
        action: "tenants.Numbered",
        outcome: "note",
        ...{ actor: "dsecos-agent", uid: 0, tenant: name },
        details: { was: was ?? null, is, pool: slotName(is) },
      });
      return { ...config, [numberKey]: String(is) };
    });
    view.numbered(name, is);
  }
}
