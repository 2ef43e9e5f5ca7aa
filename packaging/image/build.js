// @ts-check
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "../setup/lib/lock.js";
import { run } from "../setup/lib/run.js";
import { mmdebstrap } from "./mmdebstrap.js";
import {
  DESCRIPTION,
  EMPTY,
  EXCLUDE,
  HOSTNAME_TEMPLATE,
  INCLUDE,
  KEEP,
  MASK,
  RELEASE,
  recipeHash,
} from "./recipe.js";

/** Builds are kept here, one file per recipe. */
export const CACHE = "/var/cache/dsecos";

/** As long as a slow mirror may take. */
const LOCK_SECONDS = 900;

/**
 * Builds the image as one Incus tarball (metadata.yaml, templates, rootfs), from the mirror that
 * this machine is configured for. Needs root. Nothing is done when the same recipe was built.
 *
 * @param {string} [output] where the tarball belongs; in the cache by default
 * @returns {Promise<{ file: string, recipe: string, built: boolean }>}
 */
export async function buildImage(output) {
  const architecture = (await run("dpkg", ["--print-architecture"])).stdout.trim();
  const recipe = recipeHash(architecture);
  const file = output ?? join(CACHE, `debian-13-${recipe}.tar`);
  const isThere = async () => existsSync(file) && (await recipeOf(file)) === recipe;
  if (await isThere()) return { file, recipe, built: false };
  if (process.getuid?.() !== 0) throw new Error("building an image needs root");
  return await withLock(`${file}.lock`, LOCK_SECONDS, async () => {
    if (await isThere()) return { file, recipe, built: false }; // by another, meanwhile
    await build(file, architecture, recipe);
    if (output === undefined) forgetOthers(file);
    return { file, recipe, built: true };
  });
}

/**
 * @param {string} file
 * @param {string} architecture
 * @param {string} recipe
 */
async function build(file, architecture, recipe) {
  const work = mkdtempSync(join(dirname(file), ".image-"));
  try {
    await makeRoot(join(work, "rootfs"));
    describe(work, architecture, recipe);
    const parts = ["metadata.yaml", "templates", "rootfs"];
    const fresh = join(work, "image.tar");
    const options = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls"];
    await run("tar", ["-C", work, ...options, "-cf", fresh, ...parts], { seconds: 300 });
    renameSync(fresh, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} file the only one of its kind that stays in the cache */
function forgetOthers(file) {
  for (const name of readdirSync(CACHE))
    if (/^debian-13-\w+\.tar$/.test(name) && join(CACHE, name) !== file) rmSync(join(CACHE, name));
}

/**
 * @param {string} file
 * @returns {Promise<string>} the recipe that an image was built from
 */
async function recipeOf(file) {
  const { stdout } = await run("tar", ["-xOf", file, "--occurrence=1", "metadata.yaml"]);
  return /^ {2}dsecos\.recipe: "(\w+)"$/m.exec(stdout)?.[1] ?? "";
}

/** @param {string} root */
async function makeRoot(root) {
  const dpkg = [
    ...EXCLUDE.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...KEEP.map((path) => `--dpkgopt=path-include=${path}`),
  ];
  const options = ["--variant=minbase", `--include=${INCLUDE.join(",")}`];
  await mmdebstrap([...options, '--aptopt=Acquire::Languages "none"', ...dpkg], RELEASE, root);
  for (const path of EMPTY)
    for (const name of readdirSync(join(root, path)))
      rmSync(join(root, path, name), { recursive: true, force: true });
  for (const unit of MASK) {
    const link = join(root, "etc/systemd/system", unit);
    rmSync(link, { force: true });
    symlinkSync("/dev/null", link);
  }
  // Every instance makes its own identity at its first start.
  writeFileSync(join(root, "etc/machine-id"), "");
  for (const name of ["etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id"])
    rmSync(join(root, name), { force: true });
}

/**
 * @param {string} work
 * @param {string} architecture
 * @param {string} recipe
 */
function describe(work, architecture, recipe) {
  const kernel = { amd64: "x86_64", arm64: "aarch64" }[architecture] ?? architecture;
  mkdirSync(join(work, "templates"));
  writeFileSync(join(work, "templates/hostname.tpl"), HOSTNAME_TEMPLATE);
  writeFileSync(
    join(work, "metadata.yaml"),
    `architecture: ${kernel}
creation_date: ${Math.floor(Date.now() / 1000)}
properties:
  os: Debian
  release: ${RELEASE}
  architecture: ${architecture}
  description: "${DESCRIPTION}"
  dsecos.recipe: "${recipe}"
templates:
  /etc/hostname:
    when: [create, copy]
    template: hostname.tpl
`,
  );
}
