/**
 * What the agent's configuration declares about the node's network: who may come, and where packets
 * may go. Everything that it does not name is dropped.
 */
import * as v from "valibot";
import { parseNetwork } from "../../ceph/residency/map/networks.ts";

/** An address, or a network such as 10.1.0.0/16. */
const networkSchema = v.pipe(
  v.string(),
  v.check(
    (text) => familyOf(text) !== undefined,
    "must be an address or a network, for example 10.1.0.7 or 10.1.0.0/16",
  ),
);

const portSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const portsSchema = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,4}(-[1-9]\d{0,4})?$/, "must be a port or a range, for example 6800-7568"),
  v.check((text) => {
    const [first, last = first] = text.split("-").map(Number);
    return first !== undefined && last !== undefined && first <= last && last <= 65_535;
  }, "must be ports up to 65535, the lower one first"),
);

const waySchema = v.strictObject({
  /** Of its counter, and in the air-gap statement. */
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,30}$/, "must be a short name such as dns")),
  to: networkSchema,
  protocol: v.picklist(["tcp", "udp"]),
  port: portSchema,
  /** True for a way of the tenants' instances instead of the node. */
  tenants: v.optional(v.boolean(), false),
});

export type Way = v.InferOutput<typeof waySchema>;

export const firewallSchema = v.strictObject({
  /** From where ports 22 and 443 can be reached; from everywhere where it is empty. */
  administrators: v.optional(v.array(networkSchema), []),
  /** Addresses of the other members on the cluster network. */
  members: v.optional(v.array(networkSchema), []),
  /** The cluster's own TCP ports, open between members: Incus, and Ceph's monitors and daemons. */
  memberPorts: v.optional(v.array(portsSchema), ["8443", "3300", "6789", "6800-7568"]),
  /** Interfaces of tenants' networks; the last character may be a star. */
  tenantBridges: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,14}\*?$/, "must be an interface"))),
    ["incusbr*"],
  ),
  /** What may leave: DNS, time servers, witnesses, HSMs and the like, by address. */
  ways: v.optional(
    v.pipe(
      v.array(waySchema),
      v.maxLength(200),
      v.check(
        (ways) => new Set(ways.map(({ name }) => name)).size === ways.length,
        "must have a name of its own for each way",
      ),
    ),
    [],
  ),
});

export type Declared = v.InferOutput<typeof firewallSchema>;

/** @returns undefined where it is neither an address nor a network */
export function familyOf(text: string): 4 | 6 | undefined {
  const isV6 = text.includes(":");
  const whole = text.includes("/") ? text : `${text}/${isV6 ? 128 : 32}`;
  if (parseNetwork(whole) === undefined) return undefined;
  return isV6 ? 6 : 4;
}
