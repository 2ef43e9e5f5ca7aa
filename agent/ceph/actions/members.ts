/** Members of the contract about what an operator does. Imports nothing from node:. */
import { count, document, type Method, text } from "../../bus/contract.ts";
import { reasonSchema } from "../../hsm/keys/answers.ts";
import {
  actSchema,
  actsSchema,
  changeSchema,
  flagRowSchema,
  flagSchema,
  flagsSchema,
  minutesSchema,
  osdChangeSchema,
  poolNameSchema,
  predictionSchema,
  ruleNameSchema,
} from "./answers.ts";

const reason = text("reason", reasonSchema, "Why, for the record.");
const flag = text("flag", flagSchema, "What is stopped, for example noout.");
const row = document("row", flagRowSchema, "The flag as it now stands.");
const act = document("act", actSchema, "What was predicted; the comparison comes later.");
const osdChange = document("osdChange", osdChangeSchema, "Which OSD, and what is done with it.");
const change = { action: "storage", changes: true, timeoutSeconds: 60 } as const;

export const actionMembers = {
  PredictChange: {
    description:
      "What a change would do, computed from the cluster's CRUSH map before anybody makes it: how much data moves, how full OSDs get, which placement groups find no place for all copies, and whether data stays in its jurisdictions. What cannot be computed exactly is unknown.",
    in: [document("clusterChange", changeSchema, "What would be changed.")],
    out: document("prediction", predictionSchema, "What would come of it."),
    action: "read",
    timeoutSeconds: 60,
  },
  SetOsd: {
    description:
      "Mark an OSD out or in, or give it another weight, and compare afterwards what was predicted. Refused where copies would find no place, an OSD would get too full, or nothing can be predicted; SetOsdAnyway does that with a second person.",
    in: [osdChange],
    out: act,
    ...change,
    object: "osdChange.osd",
  },
  SetOsdAnyway: {
    description:
      "The same although it is dangerous or cannot be predicted. Always needs a second person; refused where an OSD would be full.",
    in: [osdChange],
    out: act,
    ...change,
    object: "osdChange.osd",
    approvals: 1,
  },
  SetPoolRule: {
    description:
      "Place a pool's data by another CRUSH rule. Always needs a second person; refused where the pool's data could then be outside its jurisdictions.",
    in: [
      text("pool", poolNameSchema, "Name of the pool."),
      text("rule", ruleNameSchema, "Name of the rule."),
      reason,
    ],
    out: act,
    ...change,
    object: "pool",
    approvals: 1,
  },
  Acts: {
    description:
      "What was done with OSDs and rules since this agent started: what was predicted, and what came.",
    in: [],
    out: document("acts", actsSchema, "The newest first."),
    action: "read",
  },
  Flags: {
    description:
      "What is stopped in the cluster, such as giving up OSDs that are down, until when, by whom and why.",
    in: [],
    out: document("flags", flagsSchema, "Flags that are set or have a window."),
    action: "read",
  },
  SetFlag: {
    description:
      "Stop something for some minutes, such as giving up OSDs that are down while a host is worked on. It ends by itself: when it ends is kept in Ceph, and any node's agent ends it.",
    in: [flag, count("minutes", minutesSchema, "For how long, 1 to 1440."), reason],
    out: row,
    ...change,
    object: "flag",
  },
  EndFlag: {
    description: "End all windows of a flag now, and clear it, also where it was set by hand.",
    in: [flag, reason],
    out: row,
    ...change,
    object: "flag",
  },
} as const satisfies Record<string, Method>;
