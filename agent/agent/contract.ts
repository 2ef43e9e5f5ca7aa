import * as v from "valibot";
import { defineInterface, document } from "../bus/contract.ts";

export const capabilitiesSchema = v.object({
  user: v.string(),
  uid: v.number(),
  /** Groups `dsecos-<role>` that the person is in; root holds none and may do everything. */
  roles: v.array(v.string()),
  node: v.string(),
  version: v.string(),
  /** `<subsystem>.<action>`, for example `tenants.create`: may the person do it now? */
  actions: v.record(v.string(), v.boolean()),
});

export type Capabilities = v.InferOutput<typeof capabilitiesSchema>;

export const agent = defineInterface({
  name: "org.dsecos.Agent1",
  subsystem: "agent",
  description: "The agent itself: who is calling, and what that person may do.",
  path: "/org/dsecos/agent",
  actions: {
    introduce: {
      description: "Ask what one may do",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
  },
  methods: {
    GetCapabilities: {
      description: "Who the caller is to the agent, and which actions polkit allows now.",
      in: [],
      out: document("capabilities", capabilitiesSchema, "Identity and allowed actions."),
      action: "introduce",
    },
  },
  signals: {},
});
