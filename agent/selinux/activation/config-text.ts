/** `/etc/selinux/config` as selinux_config(5) has it: lines KEY=VALUE, and comments. */

export type Settings = Readonly<Record<"SELINUX" | "SELINUXTYPE", string>>;

/**
 * Sets keys and leaves everything else as it is. Each key stands once afterwards, since libselinux
 * takes the first line of the one and the last of the other.
 */
export function withSettings(text: string, settings: Partial<Settings>): string {
  let lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  for (const [key, value] of Object.entries(settings)) {
    const isKey = (line: string) => new RegExp(`^\\s*${key}=`, "i").test(line);
    const at = lines.findIndex(isKey);
    lines = lines.filter((line, index) => index === at || !isKey(line));
    if (at < 0) lines.push(`${key}=${value}`);
    else lines[at] = `${key}=${value}`;
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** @returns the value, or undefined where the key is not set */
export function settingOf(text: string, key: keyof Settings): string | undefined {
  const found = [...text.matchAll(new RegExp(`^\\s*${key}=[^\\S\\n]*(\\S+)`, "gim"))];
  return (key === "SELINUX" ? found[0] : found.at(-1))?.[1];
}
