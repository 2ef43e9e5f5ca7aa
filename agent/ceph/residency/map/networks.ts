/** Networks of a map of jurisdictions, and in which an address is. Imports nothing from node:. */

export interface Network {
  /** For example 10.1.0.0/16 or 2001:db8::/48. */
  cidr: string;
  jurisdiction: string;
}

interface Block {
  width: 32 | 128;
  bits: bigint;
}

/** @returns undefined where it is no network, or has bits beyond its length */
export function parseNetwork(cidr: string): (Block & { length: number }) | undefined {
  const [address = "", lengthText = "", ...rest] = cidr.split("/");
  const block = parseAddress(address);
  const length = /^(0|[1-9]\d{0,2})$/.test(lengthText) ? Number(lengthText) : -1;
  if (block === undefined || rest.length > 0 || length < 0 || length > block.width) {
    return undefined;
  }
  const beyond = (1n << BigInt(block.width - length)) - 1n;
  return (block.bits & beyond) === 0n ? { ...block, length } : undefined;
}

/** By the narrowest network that an address is in; undefined where it is in none. */
export function jurisdictionAt(networks: readonly Network[], text: string): string | undefined {
  const address = parseAddress(text);
  let narrowest = -1;
  let found: string | undefined;
  for (const { cidr, jurisdiction } of networks) {
    const network = parseNetwork(cidr);
    if (network === undefined || address?.width !== network.width) continue;
    const beyond = BigInt(network.width - network.length);
    if (address.bits >> beyond !== network.bits >> beyond || network.length <= narrowest) continue;
    narrowest = network.length;
    found = jurisdiction;
  }
  return found;
}

function parseAddress(text: string): Block | undefined {
  if (!text.includes(":")) {
    const bits = parseFour(text);
    return bits === undefined ? undefined : { width: 32, bits };
  }
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return undefined;
  const first = parseGroups(head);
  const last = tail === undefined ? [] : parseGroups(tail);
  if (first === undefined || last === undefined) return undefined;
  const missing = 8 - first.length - last.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...first, ...Array.from({ length: missing }, () => 0n), ...last];
  const bits = groups.reduce((sum, group) => (sum << 16n) | group, 0n);
  // An address of version 4 that a socket of version 6 shows.
  if (bits >> 32n === 0xffffn) return { width: 32, bits: bits & 0xffffffffn };
  return { width: 128, bits };
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split(".");
  const isByte = (part: string) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256;
  if (parts.length !== 4 || !parts.every(isByte)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseGroups(text: string): bigint[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const four = parseFour(parts.at(-1) ?? "");
  if (four !== undefined) parts.pop();
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  const groups = parts.map((part) => BigInt(`0x${part}`));
  return four === undefined ? groups : [...groups, four >> 16n, four & 0xffffn];
}
