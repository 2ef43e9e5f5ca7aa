import type { CheckDefinition } from "./types.ts";

interface Mounted {
  readonly path: string;
  readonly type: string;
  readonly options: ReadonlySet<string>;
}

/** What a mount must have where there is one at that path. */
const rules: readonly { path: string; options: readonly string[]; own: boolean }[] = [
  { path: "/tmp", options: ["nosuid", "nodev"], own: true },
  { path: "/var/tmp", options: ["nosuid", "nodev"], own: false },
  { path: "/dev/shm", options: ["nosuid", "nodev"], own: true },
  { path: "/home", options: ["nosuid", "nodev"], own: false },
  { path: "/boot/efi", options: ["nosuid", "nodev"], own: false },
];

const remote = /^(nfs4?|cifs|smb3|9p|fuse\.sshfs)$/;
const remoteOptions = ["nosuid", "nodev"];

export const mounts: CheckDefinition = {
  id: "mounts",
  title: "Mounts",
  why: "Where everybody may write, or another machine decides, no file may give rights or be a device.",
  command: "findmnt --task 1 --output TARGET,FSTYPE,OPTIONS",
  find: async (system) => {
    // Those of the first process: the agent lives in a narrower view of its own.
    const text = await system.read("/proc/1/mountinfo");
    if (text === undefined) throw new Error("there is no /proc/1/mountinfo");
    const all = mountsIn(text);
    const problems = [
      ...rules.flatMap(({ path, options, own }) => {
        const mounted = all.findLast((one) => one.path === path);
        if (mounted === undefined) return own ? [`${path} is no file system of its own`] : [];
        return lacking(mounted, options);
      }),
      ...all.filter(({ type }) => remote.test(type)).flatMap((one) => lacking(one, remoteOptions)),
    ];
    if (problems.length === 0) {
      const fact = "No mount where others write lets files give rights or be devices.";
      return { verdict: "good", fact };
    }
    const remedy =
      "Add the options to its line in /etc/fstab (for /tmp: systemctl enable tmp.mount), then: mount -o remount PATH.";
    return { verdict: "warning", fact: `${problems.join("; ")}.`, remedy };
  },
};

function lacking({ path, options }: Mounted, wanted: readonly string[]): string[] {
  const missing = wanted.filter((option) => !options.has(option));
  return missing.length === 0 ? [] : [`${path} is mounted without ${missing.join(" and ")}`];
}

/** @param text of mountinfo, as proc_pid_mountinfo(5) has it */
export function mountsIn(text: string): Mounted[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , path, options] = before.split(" ");
    if (path === undefined || options === undefined) return [];
    // A space in a path is written as \040.
    const plain = path.replace(/\\([0-7]{3})/g, (_all, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ path: plain, type: after.split(" ")[0] ?? "", options: new Set(options.split(",")) }];
  });
}
