/** What the kernel's command line says of security modules. */

export interface KernelLine {
  /** What libselinux takes from `enforcing=` when the policy is loaded; undefined where it is not set. */
  readonly enforcing: boolean | undefined;
  /** `selinux=`, which Debian's kernels do not look at. */
  readonly selinux: string | undefined;
  readonly security: string | undefined;
  readonly lsm: readonly string[] | undefined;
  /**
   * Which of the two that exclude each other it makes the kernel run. Without a word about it,
   * Debian's kernels run AppArmor.
   */
  readonly chosen: "selinux" | "apparmor" | "neither";
}

/** Of a parameter that is given twice the last counts; where `lsm=` is given, `security=` does not. */
export function parseKernelLine(text: string): KernelLine {
  const last = new Map<string, string>();
  for (const [, key = "", value = ""] of text.matchAll(/(?:^|\s)"?([\w.-]+)=("[^"]*"|\S*)/g))
    last.set(key, value.replace(/^"|"$/g, ""));
  const security = last.get("security");
  const lsm = last.get("lsm")?.split(",");
  return {
    enforcing: enforcingOf(text),
    selinux: last.get("selinux"),
    security,
    lsm,
    chosen: chosenOf(lsm, security, last.get("apparmor")),
  };
}

/** Unlike the kernel, libselinux looks at the first place only, and what is no number is 0 to it. */
function enforcingOf(text: string): boolean | undefined {
  const at = text.indexOf("enforcing=");
  if (at < 0 || (at > 0 && !/\s/.test(text[at - 1] ?? ""))) return undefined;
  const value = Number.parseInt(text.slice(at + "enforcing=".length), 10);
  return value < 0 ? undefined : value > 0;
}

function chosenOf(
  lsm: readonly string[] | undefined,
  security: string | undefined,
  apparmor: string | undefined,
): KernelLine["chosen"] {
  const off = (name: string) => name === "apparmor" && apparmor === "0";
  if (lsm === undefined && security === undefined) return off("apparmor") ? "selinux" : "apparmor";
  // The first of the two in the list excludes the other.
  const names = lsm ?? [security ?? ""];
  for (const name of names)
    if ((name === "selinux" || name === "apparmor") && !off(name)) return name;
  return "neither";
}
