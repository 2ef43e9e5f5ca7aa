/**
 * A node cut from all but its cluster: a table of nftables of its own, whose sets forget what they drop
 * after some seconds. So the kernel itself ends the cut, whatever becomes of the agent.
 */
import { isIP } from "node:net";
import { DsecosError } from "../../bus/errors.ts";
import type { Nft } from "../../node/firewall/nft.ts";

const table = "inet dsecos_drill";
const removal = `table ${table}\ndelete table ${table}\n`;

export class Cut {
  readonly #nft: Pick<Nft, "load" | "others">;
  readonly #networks: readonly string[];

  /** @param networks of members, as agent.json declares them for the firewall */
  constructor(nft: Pick<Nft, "load" | "others">, networks: readonly string[]) {
    this.#nft = nft;
    this.#networks = networks;
  }

  /** @param members HOST:PORT of each one's Incus. @throws DsecosError */
  async begin(members: readonly string[], seconds: number): Promise<void> {
    const hosts = members.map(hostOf);
    const named = hosts.find((host) => isIP(host) === 0);
    if (named !== undefined) {
      const what = `The member at ${named} has a name for an address, which packets cannot be let through by; give its Incus an address.`;
      throw new DsecosError("Unavailable", what);
    }
    await this.#nft.load(cutText([...new Set([...hosts, ...this.#networks])], seconds));
  }

  async end(): Promise<void> {
    if (await this.isThere()) await this.#nft.load(removal);
  }

  /** Also true for one whose time is over, which drops nothing. */
  async isThere(): Promise<boolean> {
    return (await this.#nft.others()).includes(table);
  }
}

/** @param networks addresses and networks that stay within reach */
export function cutText(networks: readonly string[], seconds: number): string {
  const family = (isV6: boolean) => networks.filter((one) => one.includes(":") === isV6);
  const lets = (word: "saddr" | "daddr") =>
    [
      ...family(false).map((one) => `ip ${word} ${one} accept`),
      ...family(true).map((one) => `ip6 ${word} ${one} accept`),
    ].map((rule) => `    ${rule}\n`);
  const chain = (hook: "input" | "output", own: string) =>
    [
      `  chain ${hook} {\n    type filter hook ${hook} priority -10; policy accept;\n`,
      `    ${own} lo accept\n`,
      // Without these, neighbours with an address of version 6 do not find each other.
      "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n",
      ...lets(hook === "input" ? "saddr" : "daddr"),
      "    meta nfproto @cut drop\n  }\n",
    ].join("");
  return [
    `${removal}table ${table} {\n`,
    "  set cut {\n    typeof meta nfproto; flags timeout;\n",
    `    elements = { ipv4 timeout ${seconds}s, ipv6 timeout ${seconds}s }\n  }\n`,
    chain("input", "iif"),
    chain("output", "oif"),
    "  chain forward {\n    type filter hook forward priority -10; policy accept;\n",
    "    meta nfproto @cut drop\n  }\n}\n",
  ].join("");
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
