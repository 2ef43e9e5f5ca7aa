import type { CheckDefinition } from "./types.ts";

const fewest = 5;

export const etcHistory: CheckDefinition = {
  id: "etc-history",
  title: "Changes of /etc",
  why: "The settings of a node decide what it does; each change needs somebody who answers for it.",
  command: "git -C /etc status --short; git -C /etc log --stat -5",
  find: async (_system, { etc }) => {
    const { tracked, keeper, open, openTotal, commits } = await etc();
    const read = `${commits.length} commits, ${openTotal} changes open`;
    const sources = [{ from: "git log and status in /etc", read: tracked ? read : "no /etc/.git" }];
    if (!tracked) {
      const remedy = "apt install etckeeper, which commits what is there and what apt changes.";
      const fact = "Nobody can say who changed /etc: it is under no version control.";
      return { verdict: "warning", fact, remedy, sources };
    }
    if (openTotal > 0) {
      const named = open.slice(0, fewest).map(({ change, path }) => `${path} ${change}`);
      const more = openTotal > fewest ? ` and ${openTotal - fewest} more` : "";
      const fact = `Nobody answers for ${openTotal} changes yet: ${named.join(", ")}${more}.`;
      const remedy = "Find out who made them; then put them on record: etckeeper commit 'REASON'";
      return { verdict: "warning", fact, remedy, sources };
    }
    const [last] = commits;
    if (last === undefined) throw new Error("git tells of no commit");
    const fact = `All of /etc is on record; ${last.author} changed it last, at ${last.at}: ${last.subject}`;
    if (keeper) return { verdict: "good", fact, sources };
    const remedy =
      "apt install etckeeper: then apt’s changes are committed as well, and daily ones.";
    return { verdict: "warning", fact: `${fact}. Nothing commits by itself.`, remedy, sources };
  },
};
