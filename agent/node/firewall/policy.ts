/** The whole rule set of this node as text for nft: the shipped rules, and what is declared. */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Declared, familyOf, type Way } from "./declared.ts";

/** policies/nftables/dsecos.nft, which is installed beside the agent. */
export const shippedRules = new URL("firewall.nft", import.meta.url);

export interface Policy {
  /** SHA-256 of the text. */
  readonly policy: string;
  readonly text: string;
}

const everywhere = ["0.0.0.0/0", "::/0"];

/** @param derived ways that the rest of the configuration declares; a way declared by hand goes first */
export async function policyOf(
  declared: Declared,
  derived: readonly Way[],
  rules: URL = shippedRules,
): Promise<Policy> {
  const shipped = await readFile(rules, "utf8");
  const names = new Set(declared.ways.map(({ name }) => name));
  const ways = [...declared.ways, ...derived.filter(({ name }) => !names.has(name))];
  const { administrators, members, memberPorts, tenantBridges } = declared;
  const lines = [
    ...addresses("administrators", administrators.length > 0 ? administrators : everywhere),
    ...addresses("members", members),
    ...elements("member_ports", memberPorts),
    ...elements(
      "tenant_bridges",
      tenantBridges.map((name) => `"${name}"`),
    ),
    ...ways.flatMap(linesOf),
  ];
  const text = [shipped.trimEnd(), "", "# What is declared for this node.", ...lines, ""].join(
    "\n",
  );
  return { policy: hash("sha256", text), text };
}

function addresses(set: string, all: readonly string[]): string[] {
  return ([4, 6] as const).flatMap((family) =>
    elements(
      `${set}${family}`,
      all.filter((text) => familyOf(text) === family),
    ),
  );
}

function elements(set: string, all: readonly string[]): string[] {
  return all.length > 0 ? [`add element inet dsecos ${set} { ${all.join(", ")} }`] : [];
}

function linesOf({ name, to, protocol, port, tenants }: Way): string[] {
  const counter = `${tenants ? "tenant_way" : "way"}_${name}`;
  const who = tenants ? "left from tenants to" : "left to";
  const chain = tenants ? "tenant_ways" : "ways";
  const address = `${familyOf(to) === 6 ? "ip6" : "ip"} daddr ${to}`;
  return [
    `add counter inet dsecos ${counter} { comment "${who} ${name}: ${to}, ${protocol} ${port}" ; }`,
    `add rule inet dsecos ${chain} ${address} ${protocol} dport ${port} counter name ${counter} accept`,
  ];
}
