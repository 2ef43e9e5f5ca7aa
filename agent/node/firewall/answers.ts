/**
 * What the agent answers about the firewall, listeners and the air gap. Imports nothing from node:,
 * since the pages use it too.
 */
import * as v from "valibot";
import { timeSchema } from "../../bus/fields.ts";

const text = (description: string) => v.pipe(v.string(), v.description(description));

export const rulesHashSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "Rules are named by their SHA-256: 64 characters of 0-9 and a-f."),
);

/**
 * - `loaded`: what is loaded is what is declared
 * - `trial`: loaded, and goes again unless it is confirmed in time
 * - `drift`: what is loaded is not what was confirmed, or not what is declared now
 * - `off`: no rules of ours are loaded
 * - `undeclared`: agent.json declares no firewall, so the agent loads none
 * - `unknown`: it could not be read
 */
export const firewallState = v.picklist([
  "loaded",
  "trial",
  "drift",
  "off",
  "undeclared",
  "unknown",
]);

export const counterSchema = v.object({
  name: v.string(),
  meaning: text("What it counts"),
  packets: text("Since the rules were loaded"),
  bytes: text("Since the rules were loaded"),
});

export const firewallStatusSchema = v.object({
  state: firewallState,
  fact: text("What was found, in words"),
  remedy: text("What to do; empty when good"),
  declared: v.nullable(
    v.object({ policy: rulesHashSchema, text: text("The rules as nft would load them") }),
  ),
  confirmed: v.nullable(v.object({ policy: rulesHashSchema, by: v.string(), at: timeSchema })),
  trial: v.nullable(
    v.object({ policy: rulesHashSchema, by: text("Who must confirm it"), until: timeSchema }),
  ),
  drift: v.pipe(
    v.array(v.object({ change: v.picklist(["added", "missing"]), text: v.string() })),
    v.description("Lines that are loaded and were not confirmed, and the other way round"),
  ),
  counters: v.array(counterSchema),
  others: v.pipe(
    v.array(v.string()),
    v.description("Tables of others, which can drop or redirect packets, too"),
  ),
  at: timeSchema,
});

export type FirewallStatus = v.InferOutput<typeof firewallStatusSchema>;

export const applyOptionsSchema = v.strictObject({
  confirmSeconds: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(10, "Give yourself at least 10 seconds."),
      v.maxValue(900, "It is taken back after 900 seconds at the latest."),
      v.description("Time to confirm it, in seconds, before the rules of before come back"),
    ),
    60,
  ),
});

export const trialSchema = v.object({
  policy: rulesHashSchema,
  until: v.pipe(timeSchema, v.description("When the rules of before come back")),
});

/**
 * - `loopback`: bound to the node itself
 * - `open`: the rules let anybody reach it from outside
 * - `administrators`: from the declared networks
 * - `members`: from other members of the cluster
 * - `tenants`: from tenants on this node
 * - `blocked`: the rules drop what comes
 * - `unknown`: the rules are not known, or not those that were confirmed
 */
export const reaches = v.picklist([
  "loopback",
  "open",
  "administrators",
  "members",
  "tenants",
  "blocked",
  "unknown",
]);
export type Reach = v.InferOutput<typeof reaches>;

export const listenerSchema = v.object({
  protocol: v.picklist(["tcp", "udp"]),
  address: v.string(),
  port: v.number(),
  process: text("Its process, or its unit; empty where neither can be seen"),
  reach: reaches,
  wanted: v.pipe(v.boolean(), v.description("SSH and HTTPS may be open; nothing else")),
});
export type Listener = v.InferOutput<typeof listenerSchema>;

export const listenersSchema = v.object({ rows: v.array(listenerSchema), at: timeSchema });

export const statementSchema = v.object({
  from: timeSchema,
  to: timeSchema,
  text: text("No packet left this node except …"),
  whole: v.pipe(v.boolean(), v.description("Nothing in that time is unaccounted for")),
  gaps: v.pipe(v.array(v.string()), v.description("What keeps it from being whole")),
  left: v.pipe(
    v.record(v.string(), v.string()),
    v.description("Packets that left, by counter; decimal digits"),
  ),
  refused: text("Packets that would have left"),
});
export type Statement = v.InferOutput<typeof statementSchema>;

export const airGapSchema = v.object({
  now: v.pipe(v.nullable(statementSchema), v.description("Since the last one was filed")),
  filed: v.pipe(
    v.array(v.object({ ...statementSchema.entries, sequence: v.number() })),
    v.description("The last 24 on record, newest first"),
  ),
});
export type AirGap = v.InferOutput<typeof airGapSchema>;
