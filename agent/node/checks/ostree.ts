import type { CheckDefinition } from "./types.ts";

export interface Deployment {
  readonly booted: boolean;
  /** `osname checksum.serial` */
  readonly name: string;
  readonly role: "pending" | "rollback" | "staged" | "";
  /** Of what is unlocked, how; empty else. */
  readonly unlocked: string;
}

export const ostree: CheckDefinition = {
  id: "ostree",
  title: "OSTree deployment",
  why: "The root is one image as a whole: it can be compared, and exchanged for the one before.",
  command: "ostree admin status",
  find: async (system) => {
    if (!(await system.exists("/run/ostree-booted"))) return undefined;
    const ran = await system.run("ostree", ["admin", "status"]);
    if (ran === undefined || ran.code !== 0) throw new Error("ostree cannot be asked");
    const all = deploymentsIn(ran.out);
    const booted = all.find((one) => one.booted);
    if (booted === undefined) throw new Error("ostree does not say what was booted");
    if (booted.unlocked !== "") {
      const fact = `${booted.name} is unlocked (${booted.unlocked}): its files can be changed.`;
      return { verdict: "bad", fact, remedy: "Restart the node: what was changed is then gone." };
    }
    const next = all.find(({ role }) => role === "pending" || role === "staged");
    if (next !== undefined) {
      const fact = `${booted.name} runs; ${next.name} waits for a restart.`;
      return { verdict: "warning", fact, remedy: "Restart the node in a maintenance window." };
    }
    const back = all.find((one) => one !== booted);
    if (back === undefined) {
      const fact = `${booted.name} runs, and there is no deployment to go back to.`;
      const remedy = "It is kept at the next upgrade: ostree admin upgrade";
      return { verdict: "warning", fact, remedy };
    }
    const fact = `${booted.name} runs; one goes back to ${back.name} with: ostree admin set-default ${all.indexOf(back)}`;
    return { verdict: "good", fact };
  },
};

/** @param text of ostree admin status, as ostree-admin-status(1) has it */
export function deploymentsIn(text: string): Deployment[] {
  const found: Deployment[] = [];
  for (const line of text.split("\n")) {
    const head = /^([* ]) (\S+ [0-9a-f]{7,64}\.\d+)(?: \((pending|rollback|staged)\))?/.exec(line);
    if (head !== null) {
      const [, mark, name = "", role = ""] = head;
      found.push({ booted: mark === "*", name, role: role as Deployment["role"], unlocked: "" });
      continue;
    }
    const unlocked = /^\s+Unlocked: (\w+)/.exec(line)?.[1];
    const last = found.at(-1);
    if (unlocked === undefined || unlocked === "none" || last === undefined) continue;
    found[found.length - 1] = { ...last, unlocked };
  }
  return found;
}
