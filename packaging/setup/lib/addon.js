// @ts-check
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { buildLibrary, flagsFrom } from "./native.js";

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
 * Compiles the native part of pkcs11js. It uses Node-API alone, whose ABI is the same in all versions
 * of Node.
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
  const reads = [...(await filesOf(source, "includes")), ...(await filesOf(source, "src"))];
  await buildLibrary({
    compiler: "g++",
    directory: source,
    flags,
    sources: SOURCES,
    reads,
    target,
  });
}

/**
 * @param {string} source
 * @param {string} part a directory within it
 */
async function filesOf(source, part) {
  const entries = await readdir(join(source, part), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(source, join(parentPath, name))).sort();
}
