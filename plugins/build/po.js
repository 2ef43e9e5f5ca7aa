/** Translations: the template that translators begin with, and what pages load of the finished ones. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { po } from "gettext-parser";

const run = promisify(execFile);

/** Messages of the contracts that pages show through `_()` when a field is wrong. */
const contracts = ["tenants", "instances", "images", "bus"];

/**
 * Writes `dsecos.pot` from all texts of the pages. xgettext knows no TypeScript, so it reads what
 * esbuild makes of it.
 *
 * @param {string} root the project's directory
 * @param {string} target
 */
export async function extractTexts(root, target) {
  const scratch = await mkdtemp(path.join(tmpdir(), "dsecos-po-"));
  try {
    const names = [];
    for (const file of await sources(root)) {
      const text = await readFile(path.join(root, file), "utf8");
      const loader = file.endsWith("x") ? "tsx" : "ts";
      const { code } = await transform(text, { loader, jsx: "automatic", charset: "utf8" });
      const name = `${file.replaceAll("/", "__")}.js`;
      await writeFile(path.join(scratch, name), file.startsWith("agent/") ? marked(code) : code);
      names.push(name);
    }
    const options = ["--language=JavaScript", "--from-code=UTF-8", "--keyword=_"];
    options.push("--keyword=ngettext:1,2", "--add-location=file", "--sort-output");
    options.push("--package-name=dsecos", `--output=${path.join(scratch, "out.pot")}`);
    await run("xgettext", [...options, ...names], { cwd: scratch, timeout: 60_000 });
    const template = await readFile(path.join(scratch, "out.pot"), "utf8");
    const lasting = template
      .replaceAll(/^#: .*$/gm, (line) => line.replaceAll("__", "/").replaceAll(/\.js\b/g, ""))
      .replace(/^# SOME DESCRIPTIVE[\s\S]*?^#\n/m, "")
      .replace(/^"POT-Creation-Date:.*\n/m, "");
    await writeFile(target, lasting);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @param {string} root */
async function sources(root) {
  const found = [];
  for (const folder of ["plugins", ...contracts.map((name) => `agent/${name}`)]) {
    const names = await readdir(path.join(root, folder), { recursive: true });
    const wanted = folder === "plugins" ? /\.tsx?$/ : /^(contract|names|fields)\.ts$/;
    found.push(...names.filter((name) => wanted.test(name)).map((name) => `${folder}/${name}`));
  }
  return found.filter((name) => !name.endsWith(".d.ts")).sort();
}

/**
 * Sentences of a schema are arguments of valibot's checks: each that ends in a full stop is marked.
 *
 * @param {string} code
 */
function marked(code) {
  return code.replaceAll(
    /"(?:[^"\\\n]|\\.)*\.",?\s*\)/g,
    (text) => `_(${text.replace(/,?\s*\)$/, "")}))`,
  );
}

/**
 * Makes of each `<language>.po` the script `po.<language>.js`, which Cockpit's bridge serves as
 * `po.js` to those who chose that language.
 *
 * @param {string} folder with the .po files
 * @param {string} target
 */
export async function buildTranslations(folder, target) {
  for (const file of await readdir(folder)) {
    if (!file.endsWith(".po")) continue;
    const language = path.basename(file, ".po");
    const { headers, translations } = po.parse(await readFile(path.join(folder, file)));
    const texts = Object.values(translations[""] ?? {}).filter(
      ({ msgid, msgstr }) => msgid && msgstr[0],
    );
    const plural = /plural=([^;]+)/.exec(headers["plural-forms"] ?? "")?.[1] ?? "n != 1";
    const entries = texts.map(
      ({ msgid, msgstr }) => `${JSON.stringify(msgid)}:${JSON.stringify([null, ...msgstr])}`,
    );
    const direction = ["ar", "fa", "he", "ur"].includes(language) ? "rtl" : "ltr";
    const head = `"":{"plural-forms":(n)=>${plural},"language":"${language}","language-direction":"${direction}"}`;
    await writeFile(
      path.join(target, `po.${language}.js`),
      `cockpit.locale({${[head, ...entries].join(",")}});\n`,
    );
  }
}
