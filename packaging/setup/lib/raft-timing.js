// @ts-check
import { resolve } from "node:path";
import { buildLibrary, flagsFrom } from "./native.js";

const DIRECTORY = resolve(import.meta.dirname, "../../incus");
const SOURCE = "raft-timing.c";

const FLAGS = [
  ...["-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=hidden"],
  ...["-fstack-protector-strong", "-Wl,-z,relro,-z,now"],
];

/**
 * Compiles what has Incus's database choose another leader sooner.
 *
 * @param {string} target file that is made
 */
export async function buildRaftTiming(target) {
  const flags = [...flagsFrom("CPPFLAGS"), ...flagsFrom("CFLAGS"), ...FLAGS];
  const files = { sources: [SOURCE], reads: [SOURCE] };
  await buildLibrary({ compiler: "gcc", directory: DIRECTORY, flags, ...files, target });
}
