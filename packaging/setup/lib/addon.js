// @ts-check
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "./run.js";

/** Where Node's headers are: beside Node, or where the packages of NodeSource and Debian put them. */
const HEADERS = [
  ...new Set([join(dirname(dirname(process.execPath)), "include/node"), "/usr/include/node"]),
];

/** As its binding.gyp says; the others in its src are included by main.cpp. */
const SOURCES = ["src/dl.cpp", "src/common.cpp", "src/main.cpp"];

/** What every build has. The addon is C++ that reads what modules of others answer. */
const FLAGS = [
  ...["-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-exceptions"],
  ...["-fstack-protector-strong", "-DNAPI_DISABLE_CPP_EXCEPTIONS", "-Wl,-z,relro,-z,now"],
];

/** @returns {string | undefined} the directory with node_api.h, where there is one */
export function nodeHeaders() {
  return HEADERS.find((directory) => existsSync(join(directory, "node_api.h")));
}

/**
 * Compiles the native part of pkcs11js, unless that was done from the same sources in the same way.
 * It uses Node-API alone, whose ABI is the same in all versions of Node.
 *
 * @param {string} source directory of the npm package pkcs11js
 * @param {string} target file that is made
 */
export async function buildAddon(source, target) {
  const headers = nodeHeaders();
  if (headers === undefined)
    throw new Error(`Node's headers are not in ${HEADERS.join(", ")}: install libnode-dev`);
  const include = ["-I", join(source, "includes"), "-I", headers];
  const flags = [...flagsFrom("CPPFLAGS"), ...flagsFrom("CXXFLAGS"), ...FLAGS, ...include];
  const made = `${target}.made-from`;
  const identity = await identityOf(source, flags);
  if (existsSync(target) && (await contentOf(made)) === identity) return;
  await mkdir(dirname(target), { recursive: true });
  // Under another name, since a program that runs may have the old one mapped.
  const fresh = `${target}.${process.pid}`;
  try {
    const args = [...flags, ...SOURCES, ...flagsFrom("LDFLAGS"), "-o", fresh];
    await run("g++", args, { cwd: source, seconds: 240 });
    await rename(fresh, target);
  } finally {
    await rm(fresh, { force: true });
  }
  await writeFile(made, identity);
}

/**
 * @param {string} name of a variable that package builds set
 * @returns {string[]}
 */
function flagsFrom(name) {
  return process.env[name]?.split(/\s+/).filter(Boolean) ?? [];
}

/**
 * @param {string} source
 * @param {string[]} flags
 */
async function identityOf(source, flags) {
  const hash = createHash("sha256").update(JSON.stringify([process.version, flags]));
  for (const part of ["includes", "src"]) {
    const entries = await readdir(join(source, part), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort())
      hash.update(`\0${path}\0`).update(await readFile(path));
  }
  return hash.digest("hex");
}

/** @param {string} file */
async function contentOf(file) {
  return existsSync(file) ? await readFile(file, "utf8") : "";
}
