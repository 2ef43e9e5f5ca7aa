/** What is answered about the measured start of a node. Imports nothing from node:. */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

/** Registers that are judged: firmware, boot loader and kernel (0 to 9), and shim's keys (14). */
export const judgedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14];

/** Of the values of all these registers, in hexadecimal. */
export const bootHashSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "Write the hash that dsecos node boot shows: 64 hexadecimal digits."),
  v.description("Hash of the registers, as dsecos node boot shows it"),
);

const pcrSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(23));
const valueSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const bootEventSchema = v.object({
  pcr: pcrSchema,
  /** The specification’s name, for example EV_SEPARATOR. */
  type: v.pipe(v.string(), v.maxLength(100)),
  /** What the firmware says that it measured; its word only. */
  what: v.pipe(v.string(), v.maxLength(200)),
  digest: valueSchema,
});
export type BootEvent = v.InferOutput<typeof bootEventSchema>;

/** What an officer took for the expected start, on the word of another. */
export const acceptedBootSchema = v.object({
  format: v.literal("dsecos-boot-1"),
  hash: bootHashSchema,
  at: timeSchema,
  by: v.string(),
  approvers: v.array(v.string()),
  reason: v.string(),
  registers: v.array(v.object({ pcr: pcrSchema, value: valueSchema })),
  events: v.pipe(v.array(bootEventSchema), v.maxLength(4096)),
});
export type AcceptedBoot = v.InferOutput<typeof acceptedBootSchema>;

export const bootReportSchema = v.object({
  /**
   * - `measured`: there are a log and registers
   * - `no-tpm`, `no-log`: the node has no TPM, or its firmware wrote no log
   * - `unknown`: they could not be read, for the reason in `problem`
   */
  state: v.picklist(["measured", "no-tpm", "no-log", "unknown"]),
  problem: v.string(),
  registers: v.array(
    v.object({
      pcr: pcrSchema,
      /** False where the log, replayed, gives another value. */
      explained: v.boolean(),
      /** What is measured into it. */
      holds: v.string(),
      /** The TPM’s value. */
      value: valueSchema,
      /** Empty where no start was accepted. */
      expected: v.string(),
    }),
  ),
  /** Those of the registers above, in their order. */
  events: v.array(v.object({ isNew: v.boolean(), ...bootEventSchema.entries })),
  /** Events of the accepted start that this one does not have. */
  gone: v.array(bootEventSchema),
  /** What can be accepted; empty where nothing can. */
  hash: v.string(),
  accepted: v.nullable(v.omit(acceptedBootSchema, ["events", "registers"])),
  /** What was asked: the log, the TPM, and the file of what was accepted. */
  places: v.object({ log: v.string(), tpm: v.string(), accepted: v.string() }),
  at: timeSchema,
});
export type BootReport = v.InferOutput<typeof bootReportSchema>;
