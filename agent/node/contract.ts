import * as v from "valibot";
import { defineInterface, document } from "../bus/contract.ts";
import { timeSchema } from "../bus/fields.ts";
import { bootMembers } from "./boot/members.ts";
import { etcHistorySchema } from "./etc/answers.ts";
import { expiringSchema } from "./expiring/answers.ts";
import { firewallMembers } from "./firewall/members.ts";

/** `unknown` is what could not be found out; it is never shown as good. */
export const verdicts = ["good", "warning", "bad", "unknown"] as const;

/** What was read, and where: the part of it that fits a line. */
export const sourceSchema = v.object({ from: v.string(), read: v.string() });

export type Source = v.InferOutput<typeof sourceSchema>;

/** One thing that was checked, with its facts and the command a sceptic runs himself. */
export const checkSchema = v.object({
  id: v.string(),
  title: v.string(),
  verdict: v.picklist(verdicts),
  /** What was found, in words. */
  fact: v.string(),
  /** What to do; empty when good. */
  remedy: v.string(),
  command: v.string(),
  checkedAt: timeSchema,
  /** Why it matters. */
  why: v.string(),
  /** How it was found out: all that was read for it. */
  how: v.array(sourceSchema),
});

export type Check = v.InferOutput<typeof checkSchema>;

export const engineSchema = v.object({
  name: v.string(),
  /** What it is needed for. */
  purpose: v.string(),
  state: v.picklist(["running", "stopped", "missing", "unknown"]),
  version: v.string(),
  remedy: v.string(),
});

export type Engine = v.InferOutput<typeof engineSchema>;

export const nodeStatusSchema = v.object({
  identity: v.object({
    name: v.string(),
    machineId: v.string(),
    os: v.string(),
    kernel: v.string(),
    architecture: v.string(),
    virtualization: v.string(),
    bootedAt: timeSchema,
  }),
  versions: v.record(v.string(), v.string()),
  load: v.object({
    cores: v.number(),
    /** Share of all cores in use since the previous status, 0 to 1. */
    cpu: v.number(),
    /** Load averages over 1, 5 and 15 minutes. */
    averages: v.tuple([v.number(), v.number(), v.number()]),
    memoryKib: v.number(),
    memoryUsedKib: v.number(),
    swapKib: v.number(),
    swapUsedKib: v.number(),
  }),
  disks: v.array(
    v.object({
      mount: v.string(),
      device: v.string(),
      type: v.string(),
      sizeKib: v.number(),
      usedKib: v.number(),
    }),
  ),
  network: v.array(
    v.object({
      name: v.string(),
      state: v.string(),
      addresses: v.array(v.string()),
      /** Since boot; strings, since they pass 2^53. */
      receivedBytes: v.string(),
      sentBytes: v.string(),
    }),
  ),
  engines: v.array(engineSchema),
  /** What weakens the promises of this node: SELinux mode, lockdown, software TPM and so on. */
  assurance: v.array(checkSchema),
  at: timeSchema,
});

export type NodeStatus = v.InferOutput<typeof nodeStatusSchema>;

export const node = defineInterface({
  name: "org.dsecos.Node1",
  subsystem: "node",
  description: "This node: what it is, how it does, and what can be relied on.",
  path: "/org/dsecos/node",
  actions: {
    read: {
      description: "See the state of this node",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
    boot: { description: "Say which start of this node is the expected one", roles: ["officer"] },
    firewall: { description: "Load and confirm the node's firewall", roles: ["officer"] },
  },
  methods: {
    Show: {
      description: "Identity, load, engines and assurance of this node.",
      in: [],
      out: document("status", nodeStatusSchema, "The node as it stands."),
      action: "read",
    },
    Check: {
      description:
        "Only the assurance checks, each with why it matters, what was read, its command and remedy.",
      in: [],
      out: document("checks", v.array(checkSchema), "The checks."),
      action: "read",
    },
    EtcHistory: {
      description: "Who changed which files in /etc, and what is not on record yet.",
      in: [],
      out: document("history", etcHistorySchema, "Commits and open changes, without contents."),
      action: "read",
    },
    Expiring: {
      description:
        "Everything with an end that somebody has to act on within 90 days, the soonest first: certificates and lists of revoked ones, keys, ceremonies, requests, invitations, rules and policies on trial, tenants and volumes to be removed, and what is stopped in Ceph for a while. What the caller may not see, or could not be read, is said.",
      in: [],
      out: document("expiring", expiringSchema, "What ends, and what is missing from it."),
      action: "read",
    },
    ...bootMembers,
    ...firewallMembers,
  },
  signals: {},
});
