import type { CheckDefinition } from "./types.ts";

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

const remedy = "Load the node's rules: systemctl enable --now nftables.service";

export const firewall: CheckDefinition = {
  id: "firewall",
  title: "Packet filter",
  why: "A filter that refuses by default still holds when something listens by mistake.",
  command: "nft list ruleset",
  find: async (system) => {
    const ran = await system.run("nft", ["-j", "list", "ruleset"]);
    if (ran === undefined) {
      return { verdict: "bad", fact: "nftables is not installed.", remedy: "apt install nftables" };
    }
    if (ran.code !== 0) throw new Error(`nft ended with ${ran.code}`);
    const { nftables } = JSON.parse(ran.out) as { nftables: { chain?: Chain }[] };
    const chains = nftables.flatMap(({ chain }) => (chain === undefined ? [] : [chain]));
    const input = chains.filter(({ hook, family }) => hook === "input" && family !== "arp");
    const strict = input.find(({ policy }) => policy === "drop");
    if (strict !== undefined) {
      const name = `${strict.family} ${strict.table} ${strict.name}`;
      return { verdict: "good", fact: `The chain ${name} drops what no rule allows.` };
    }
    const fact =
      input.length > 0
        ? "Rules are loaded, but what they do not name comes in."
        : "No rules for incoming packets are loaded.";
    return { verdict: "bad", fact, remedy };
  },
};
