/** Answers about passphrases of block volumes, and destroying the keys under which they are wrapped. */
import * as v from "valibot";
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { AskRecord } from "../../hsm/statement/record.ts";
import type { Answers } from "../area.ts";
import type { ErasurePage, VolumeRow } from "./answers.ts";
import type { eraseMembers } from "./erase-members.ts";
import { erasureSchema } from "./kinds/erasure.ts";
import { erasedAction, type Reconciler } from "./reconcile.ts";
import type { VolumeRecord } from "./record.ts";

const dayMs = 86_400_000;
/** Of a page; there are few, since each was a person's act. */
const mostShown = 100;

export interface EraseParts {
  reconciler: Reconciler;
  /** @throws NotFound */
  declared: (tenant: string, name: string) => Promise<VolumeRecord>;
  /** @throws Conflict where the volume is to be deleted */
  requireActive: (name: string, record: VolumeRecord) => void;
  /** Changes a record, and makes it so as far as that can be done now. */
  change: (
    tenant: string,
    name: string,
    next: (record: VolumeRecord) => VolumeRecord,
  ) => Promise<VolumeRow>;
  /** Entries of the audit log, newest first. */
  history: AskRecord;
  now: () => number;
}

export function createErasing(parts: EraseParts): Answers<typeof eraseMembers> {
  const { reconciler, declared, requireActive, change, history, now } = parts;

  return {
    async VolumePassphrase(call: Call, tenant: string, name: string, _reason: string) {
      const record = await declared(tenant, name);
      requireBlock(name, record);
      requireActive(name, record);
      return reconciler.block.passphrase({ tenant, name, record }, call);
    },

    async EraseVolume(call, tenant, name, wait, reason) {
      const before = await declared(tenant, name);
      requireBlock(name, before);
      if (before.key?.madeAt === undefined) {
        const what = `Nothing is encrypted in ${name} yet; delete it instead.`;
        throw new DsecosError("Conflict", what);
      }
      const at = new Date(now()).toISOString();
      const by = call.caller.user;
      return change(tenant, name, (record) => {
        requireActive(name, record);
        const deleteAt = new Date(now() + wait * dayMs).toISOString();
        const erase = { by, approvers: [...call.approvers], reason, at };
        return { ...record, state: "deleting", deleteAt, erase };
      });
    },

    async Erasures(_call, tenant, cursor): Promise<ErasurePage> {
      const filter = { action: erasedAction, outcome: "success", tenant, cursor } as const;
      const { rows, next } = await history({ ...filter, limit: mostShown });
      const found = rows.flatMap(({ details }) => {
        const result = v.safeParse(erasureSchema, details?.certificate);
        return result.success ? [result.output] : [];
      });
      return { rows: found, next };
    },
  };
}

function requireBlock(name: string, { kind }: VolumeRecord): void {
  if (kind === "block") return;
  const what = `${name} is a volume of the kind ${kind}, which has no key of its own; only block volumes have.`;
  throw new DsecosError("Conflict", what);
}
