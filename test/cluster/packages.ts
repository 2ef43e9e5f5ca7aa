/** The Debian packages: built as for a release, and a newer version of the same for upgrades. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { run } from "../../packaging/setup/lib/run.js";

const project = resolve(import.meta.dirname, "../..");

export const packageNames = [
  ...["dsecos", "dsecos-agent", "dsecos-hsm", "dsecos-incus", "dsecos-witness", "cockpit-dsecos"],
  "dsecos-policies",
];

/** @returns paths of the packages, one each, made from the sources as they are now */
export async function buildPackages(): Promise<string[]> {
  await run(process.execPath, ["packaging/setup/deb.js"], { cwd: project, seconds: 600 });
  const dist = join(project, "dist");
  const files = readdirSync(dist).filter((name) => name.endsWith(".deb"));
  return files.map((name) => join(dist, name));
}

/** @returns the same packages under a higher version */
export async function raiseVersion(files: readonly string[], directory: string): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  return Promise.all(
    files.map(async (file) => {
      const tree = join(directory, basename(file, ".deb"));
      await run("dpkg-deb", ["--raw-extract", file, tree]);
      const control = join(tree, "DEBIAN/control");
      const text = readFileSync(control, "utf8");
      const version = /^Version: (.*)$/m.exec(text)?.[1] ?? "";
      const newer = `${version}+newer1`;
      writeFileSync(
        control,
        text
          .replace(`Version: ${version}`, `Version: ${newer}`)
          .replaceAll(`(= ${version})`, `(= ${newer})`),
      );
      const product = `${tree}.newer.deb`;
      await run("dpkg-deb", ["--build", "--root-owner-group", "-Znone", tree, product]);
      return product;
    }),
  );
}
