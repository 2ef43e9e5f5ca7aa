import type { CheckDefinition } from "./types.ts";

export const clock: CheckDefinition = {
  id: "clock",
  title: "Clock",
  why: "A record whose times are wrong proves little, and certificates fail.",
  command: "timedatectl show -p NTPSynchronized",
  find: async (system) => {
    if (await system.exists("/run/systemd/timesync/synchronized")) {
      return { verdict: "good", fact: "systemd-timesyncd has set the clock." };
    }
    const ran = await system.run("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
    const answer = ran?.out.trim();
    if (answer === "yes") return { verdict: "good", fact: "The clock is synchronised." };
    // Debian's other service for it, on nodes where timedated does not run.
    const chrony = await system.run("chronyc", ["-n", "tracking"]);
    const leap = /^Leap status\s*: (.+)$/m.exec(chrony?.code === 0 ? chrony.out : "")?.[1];
    if (leap === "Normal") return { verdict: "good", fact: "chrony has set the clock." };
    const remedy = "Enable time synchronisation: systemctl enable --now systemd-timesyncd";
    if (answer === "no" || leap !== undefined)
      return { verdict: "bad", fact: "The clock is not synchronised.", remedy };
    return { verdict: "unknown", fact: "Nobody on this node tells it.", remedy };
  },
};
