import type { CheckDefinition } from "./types.ts";

export const apparmor: CheckDefinition = {
  id: "apparmor",
  title: "AppArmor",
  why: "Where SELinux does not confine Incus and its containers, AppArmor has to.",
  command: "aa-status",
  find: async (system) => {
    const enabled = await system.read("/sys/module/apparmor/parameters/enabled");
    if (enabled?.trim() !== "Y") {
      const selinux = (await system.read("/sys/fs/selinux/enforce"))?.trim() === "1";
      if (selinux) return { verdict: "good", fact: "Not used; SELinux is enforcing instead." };
      const remedy = "Make SELinux enforcing, or boot with apparmor=1.";
      return { verdict: "bad", fact: "Neither AppArmor nor SELinux confines processes.", remedy };
    }
    const profiles = await system.read("/sys/kernel/security/apparmor/profiles");
    if (profiles === undefined) throw new Error("the list of profiles is not there");
    const count = (mode: string) => profiles.split(`(${mode})`).length - 1;
    const enforced = count("enforce");
    const lax = count("complain") + count("unconfined");
    const fact = `${enforced} profiles are enforced, ${lax} are not.`;
    if (enforced > 0) return { verdict: "good", fact };
    return { verdict: "warning", fact, remedy: "Load the profiles: systemctl start apparmor." };
  },
};
