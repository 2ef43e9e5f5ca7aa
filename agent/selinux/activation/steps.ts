/** What is changed to switch SELinux on, one thing after the other; each can be taken back. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { canonical } from "../../audit/canonical.ts";
import { DsecosError } from "../../bus/errors.ts";
import { runProgram } from "../policy/program.ts";
import { STORE } from "../policy/store.ts";
import { settingOf, withSettings } from "./config-text.ts";
import { putFile } from "./files.ts";
import {
  activationRecord,
  configFile,
  grubConfig,
  grubSnippet,
  type Place,
  relabelMark,
  under,
} from "./place.ts";

const grubTimeoutMs = 300_000;
const snippet = `# Of "dsecos selinux enable"; "dsecos selinux enable --undo" takes it away.
GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX security=selinux"
`;

export interface Step {
  readonly title: string;
  do(): Promise<void>;
  /** May be called where it was not done, or only in part. */
  undo(): Promise<void>;
}

const recordSchema = v.strictObject({ config: v.nullable(v.string()) });

/** Everything until the next start; it labels all files, without enforcing anything yet. */
export function stepsToEnable(place: Place): Step[] {
  const config = under(place, configFile);
  const mark = under(place, relabelMark);
  const added = under(place, grubSnippet);
  return [
    {
      title: `Set SELINUX=permissive and SELINUXTYPE=${STORE} in ${configFile}`,
      async do() {
        const before = await textOf(config);
        const record = recordOf(place);
        // Of two runs, the first knows what was there.
        if ((await textOf(record)) === undefined)
          await putFile(record, canonical({ config: before ?? null }), 0o600);
        const settings = { SELINUX: "permissive", SELINUXTYPE: STORE };
        await putFile(config, withSettings(before ?? "", settings));
      },
      undo: () => restoreConfig(place),
    },
    {
      title: `Put security=selinux on the kernel's command line (${grubSnippet})`,
      async do() {
        await putFile(added, snippet);
        await updateGrub(place);
        if (await kernelIsTold(place)) return;
        const what = `update-grub ran, and ${grubConfig} does not have security=selinux: see whether /etc/default/grub reads /etc/default/grub.d.`;
        throw new DsecosError("Conflict", what);
      },
      async undo() {
        await rm(added, { force: true });
        if (await kernelIsTold(place)) await updateGrub(place);
      },
    },
    {
      title: `Have the next start label all files (${relabelMark})`,
      do: () => putFile(mark, "-F\n"),
      undo: () => rm(mark, { force: true }),
    },
  ];
}

/** Once the files are labelled. */
export function stepsToEnforce(place: Place): Step[] {
  const config = under(place, configFile);
  const set = async (mode: string) => {
    await putFile(config, withSettings((await textOf(config)) ?? "", { SELINUX: mode }));
  };
  return [
    {
      title: `Set SELINUX=enforcing in ${configFile}`,
      do: () => set("enforcing"),
      undo: () => set("permissive"),
    },
  ];
}

function recordOf(place: Place): string {
  return join(under(place, place.policies), activationRecord);
}

/** The two settings as they were; what a person wrote beside them since then stays. */
async function restoreConfig(place: Place): Promise<void> {
  const record = recordOf(place);
  const text = await textOf(record);
  if (text === undefined) return;
  const before = readRecord(record, text);
  const config = under(place, configFile);
  if (before === null) await rm(config, { force: true });
  else {
    const settings = {
      SELINUX: settingOf(before, "SELINUX") ?? "disabled",
      SELINUXTYPE: settingOf(before, "SELINUXTYPE") ?? "default",
    };
    const restored = withSettings((await textOf(config)) ?? "", settings);
    await putFile(config, restored === withSettings(before, settings) ? before : restored);
  }
  await rm(record);
}

function readRecord(file: string, text: string): string | null {
  try {
    return v.parse(recordSchema, JSON.parse(text)).config;
  } catch (cause) {
    const what = `${file} cannot be understood: set SELINUX and SELINUXTYPE in ${configFile} yourself, remove ${file}, and run this again.`;
    throw new DsecosError("Conflict", what, { cause });
  }
}

/** Whether the next start chooses SELinux. */
async function kernelIsTold(place: Place): Promise<boolean> {
  return /\bsecurity=selinux\b/.test((await textOf(under(place, grubConfig))) ?? "");
}

async function updateGrub({ updateGrub: program }: Place): Promise<void> {
  const { code, stderr } = await runProgram(program, [], grubTimeoutMs);
  if (code === 0) return;
  const what = `update-grub ended with ${code}: ${stderr.trim().split("\n").at(-1)}`;
  throw new DsecosError("Unavailable", `${what.replace(/\.$/, "")}.`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
