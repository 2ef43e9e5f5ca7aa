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
import { debianMirror } from "../setup/lib/apt.js";
import { run } from "../setup/lib/run.js";
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
  if (existsSync(file) && (output === undefined || (await recipeOf(file)) === recipe))
    return { file, recipe, built: false };
  if (process.getuid?.() !== 0) throw new Error("building an image needs root");
  mkdirSync(dirname(file), { recursive: true });
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
  return { file, recipe, built: true };
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
  await run(
    "mmdebstrap",
    [
      ...["--mode=root", "--variant=minbase", `--include=${INCLUDE.join(",")}`],
      ...['--aptopt=Acquire::Languages "none"', ...dpkg],
      ...[RELEASE, root, await debianMirror()],
    ],
    { seconds: 900 },
  );
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
