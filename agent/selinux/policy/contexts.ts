/** Labels of files, as CIL for what a slot says and as lines of file_contexts for the rest. */
import { type Kind, slotName, typeName } from "./names.ts";

/** Where Incus mounts its storage pools. */
const pools = "/var/lib/incus/storage-pools";

/** What Incus keeps in a pool; the rest of it are images of virtual machines. */
const places: readonly (readonly [place: string, kind: Kind])[] = [
  ["(containers|containers-snapshots|images)", "file"],
  ["(custom|custom-snapshots|buckets)", "volume"],
];

/**
 * The pool of a slot has the slot's name, so that everything in it is labelled before any tenant
 * has the slot.
 *
 * @returns CIL
 */
export function slotContexts(slot: number): string {
  const pool = `${pools}/${slotName(slot)}`;
  const context = (kind: Kind) => `(system_u object_r ${typeName(slot, kind)} ((s0) (s0)))`;
  return [
    `(filecon "${pool}(/.*)?" any ${context("image")})`,
    ...places.map(([place, kind]) => `(filecon "${pool}/${place}(/.*)?" any ${context(kind)})`),
    "",
  ].join("\n");
}

/**
 * Labels in pools that several projects share: Incus begins the names of what belongs to a project
 * with the project's, and `_` is in no project's name. They belong in file_contexts.local: a change
 * there takes no new policy.
 *
 * @returns lines of file_contexts
 */
export function projectContexts(projects: readonly { project: string; number: number }[]): string {
  const lines = projects.flatMap(({ project, number }) => {
    const owned = `${escapeRegex(project)}_[^/]+(/.*)?`;
    const line = (place: string, kind: Kind) =>
      `${pools}/[^/]+/${place}/${owned}\tsystem_u:object_r:${typeName(number, kind)}:s0`;
    return [
      line("containers(-snapshots)?", "file"),
      line("custom(-snapshots)?", "volume"),
      line("buckets", "volume"),
      line("virtual-machines(-snapshots)?", "image"),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Debian's contexts name the homes of people by placeholders, which libsemanage would fill in for
 * each login. Here they stand for every home alike, and for root's.
 *
 * @param text file_contexts as secilc writes them
 */
export function fillHomes(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const filled = line.replaceAll("%{USERID}", "[0-9]+").replaceAll("%{USERNAME}", "[^/]+");
      if (filled.startsWith("HOME_DIR"))
        return ["/home/[^/]+", "/root"].map((home) => home + filled.slice("HOME_DIR".length));
      if (filled.startsWith("HOME_ROOT")) return [`/home${filled.slice("HOME_ROOT".length)}`];
      return [filled];
    })
    .join("\n");
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.^$*+?()[\]{}|\\]/g, "\\$&");
}
