#!/usr/bin/env node
/**
 * Builds everything that is installed into `dist/`: the agent and the command line (one file
 * each), the addon that loads PKCS#11 modules, what is derived from the contracts, and the Cockpit
 * package. `node build.js --texts` instead writes the template for translators, plugins/po/dsecos.pot.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { build } from "esbuild";
import { buildAddon } from "./packaging/setup/lib/addon.js";
import { buildRaftTiming } from "./packaging/setup/lib/raft-timing.js";
import { prune } from "./plugins/build/css.js";
import { lean } from "./plugins/build/lean.js";
import { buildTranslations, extractTexts } from "./plugins/build/po.js";

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, "dist");
const cockpitPackage = path.join(dist, "cockpit", "dsecos");

/** Every page below plugins/, and what a browser calls it. @type {Record<string, string>} */
const pages = {
  audit: "Audit record",
  ceph: "Ceph storage",
  console: "DsecOS console",
  hsm: "DsecOS keys",
  overview: "DsecOS overview",
  selinux: "SELinux",
  tenants: "DsecOS tenants",
};

/** What a page may weigh, gzipped: Cockpit caches nothing from one page to the next. */
const limits = { js: 150_000, css: 100_000 };

/** How the names of files end that have what licences of bundled code ask to be kept. */
const legal = ".LEGAL.txt";

/** dbus-next asks for it in a try block, for passing file descriptors, which is not used here. */
const notNeeded = ["usocket"];

/** @type {import("esbuild").BuildOptions} */
const forNode = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  legalComments: "eof",
  logLevel: "warning",
  external: notNeeded,
  // CommonJS parts (dbus-next) ask for Node's own modules by require.
  banner: {
    js: 'import { createRequire as dsecosRequire } from "node:module";\nconst require = dsecosRequire(import.meta.url);',
  },
};

/**
 * @param {string} entry
 * @param {string} outfile below dist
 */
async function buildProgram(entry, outfile) {
  const target = path.join(dist, outfile);
  await build({ ...forNode, entryPoints: [path.join(root, entry)], outfile: target });
  await chmod(target, 0o755);
}

/** The agent's link to Ceph, which Debian's Python runs. */
async function copyHelper() {
  await mkdir(path.join(dist, "agent"), { recursive: true });
  await copyFile(
    path.join(root, "agent/ceph/link/helper.py"),
    path.join(dist, "agent/ceph-helper.py"),
  );
}

/** The packet filter's rules, to which the agent adds what is declared. */
async function copyRules() {
  await mkdir(path.join(dist, "agent"), { recursive: true });
  await copyFile(
    path.join(root, "policies/nftables/dsecos.nft"),
    path.join(dist, "agent/firewall.nft"),
  );
}

/** Writes dist/policies and dist/share, which are derived from the contracts. */
async function generate() {
  const outfile = path.join(tmpdir(), `dsecos-generate-${process.pid}.mjs`);
  try {
    await build({ ...forNode, entryPoints: [path.join(root, "agent/generate.ts")], outfile });
    const module = await import(pathToFileURL(outfile).href);
    await module.generate(dist);
  } finally {
    await rm(outfile, { force: true });
  }
}

/** @type {import("esbuild").BuildOptions & { write: false }} */
const forBrowsers = {
  outdir: cockpitPackage,
  bundle: true,
  minify: true,
  write: false,
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  // Beside the scripts, so that nobody waits for them.
  legalComments: "external",
  logLevel: "warning",
  external: ["../../static/*", "../assets/images/*"],
  plugins: [lean],
};

/** Bundles a page, takes out the rules that cannot apply to it, and writes it.
 * @param {string} page
 * @param {string} title
 */
async function buildPage(page, title) {
  const entryPoints = { [page]: path.join(root, "plugins", page, "main.tsx") };
  const options = { ...forBrowsers, entryPoints, format: /** @type {const} */ ("iife") };
  const bundled = await build({ ...options, metafile: true });
  const [script, style] = [".js", ".css"].map(
    (kind) => bundled.outputFiles.find((file) => file.path.endsWith(kind))?.text ?? "",
  );
  const pruned = await prune(style ?? "", script ?? "");
  await writeStyles(page, style ?? "", pruned);
  const licences = bundled.outputFiles.filter(({ path }) => path.endsWith(legal));
  const texts = licences.map(({ text }) => text);
  await writeFile(path.join(cockpitPackage, `${page}${legal}`), texts.join("\n"));
  await writeFile(path.join(dist, "css", `${page}.meta.json`), JSON.stringify(bundled.metafile));
  const hasParts = Object.values(bundled.metafile.inputs).some(({ imports }) =>
    imports.some(({ kind }) => kind === "dynamic-import"),
  );
  const scripts = hasParts ? await buildParts(page, entryPoints) : { first: [`${page}.js`], js: 0 };
  if (!hasParts) scripts.js = await writePacked(`${page}.js`, script ?? "");
  await writeFile(
    path.join(cockpitPackage, `${page}.html`),
    await pageHtml(page, title, hasParts ? scripts.first : undefined),
  );
  return { js: scripts.js, css: await writePacked(`${page}.css`, pruned) };
}

/**
 * A page that loads parts of itself only when they are shown, in files of their own.
 * @param {string} page
 * @param {Record<string, string>} entryPoints
 * @returns {Promise<{ first: string[], js: number }>} files that are there from the beginning, and
 *   what they weigh together with the heaviest part
 */
async function buildParts(page, entryPoints) {
  const { outputFiles, metafile } = await build({
    ...forBrowsers,
    ...{ entryPoints, format: "esm", splitting: true, metafile: true, loader: { ".css": "empty" } },
    chunkNames: `${page}-[name]-[hash]`,
  });
  /** @type {Map<string, number>} */
  const weights = new Map();
  for (const file of outputFiles.filter(({ path }) => !path.endsWith(legal))) {
    weights.set(path.basename(file.path), await writePacked(path.basename(file.path), file.text));
  }
  /** @param {string} name @returns {string[]} it and all that it cannot do without */
  const needs = (name) => {
    const outputs = Object.entries(metafile.outputs);
    const [, output] = outputs.find(([file]) => path.basename(file) === name) ?? [];
    const others = (output?.imports ?? []).filter(({ kind }) => kind === "import-statement");
    return [name, ...others.flatMap((one) => needs(path.basename(one.path)))];
  };
  /** @param {Iterable<string>} names */
  const weigh = (names) =>
    [...new Set(names)].reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);
  const first = [...new Set(needs(`${page}.js`))];
  const withPart = [...weights.keys()].map((name) => weigh([...first, ...needs(name)]));
  return { first, js: Math.max(...withPart) };
}

/** Cockpit's bridge serves x.js.gz as x.js, and compresses nothing itself.
 * @param {string} name
 * @param {string} text
 */
async function writePacked(name, text) {
  const packed = await promisify(gzip)(text, { level: 9 });
  await writeFile(path.join(cockpitPackage, `${name}.gz`), packed);
  return packed.length;
}

/** A page without translations asks for none: it would wait for the bridge to make an empty file.
 * @param {string} page
 * @param {string} title
 * @param {string[]} [modules] files that a page with parts begins with, its own first
 */
async function pageHtml(page, title, modules) {
  const template = await readFile(path.join(root, "plugins/page.html"), "utf8");
  let html = template.replaceAll("{{page}}", page).replace("{{title}}", title);
  if (modules) {
    const [own = "", ...others] = modules;
    // Asked for at once, instead of when the first one was read.
    const links = others
      .map((name) => `    <link rel="modulepreload" href="${name}" />\n`)
      .join("");
    const plain = `    <script src="${own}" defer></script>\n`;
    html = html.replace(plain, `${links}    <script src="${own}" type="module"></script>\n`);
  }
  const files = await readdir(path.join(root, "plugins/po"));
  if (files.some((file) => file.endsWith(".po"))) return html;
  return html.replace(/^.*<script src="po\.js".*\n/m, "");
}

/** Both forms of a style sheet, for the tests that show that nothing is lost.
 * @param {string} page
 * @param {string} whole
 * @param {string} pruned
 */
async function writeStyles(page, whole, pruned) {
  await writeFile(path.join(dist, "css", `${page}.css`), whole);
  await writeFile(path.join(dist, "css", `${page}.pruned.css`), pruned);
}

async function buildPages() {
  await rm(cockpitPackage, { recursive: true, force: true });
  await mkdir(cockpitPackage, { recursive: true });
  await mkdir(path.join(dist, "css"), { recursive: true });
  const manifest = JSON.parse(await readFile(path.join(root, "plugins/manifest.json"), "utf8"));
  const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
  await writeFile(
    path.join(cockpitPackage, "manifest.json"),
    `${JSON.stringify({ ...manifest, version }, null, 2)}\n`,
  );
  await buildTranslations(path.join(root, "plugins/po"), cockpitPackage);
  const weighed = await Promise.all(
    Object.entries(pages).map(async ([page, title]) => [page, await buildPage(page, title)]),
  );
  const sizes = Object.fromEntries(weighed);
  await writeFile(path.join(dist, "sizes.json"), `${JSON.stringify({ limits, sizes }, null, 2)}\n`);
  for (const [page, kinds] of Object.entries(sizes)) {
    console.log(`${page}: ${kinds.js} bytes js, ${kinds.css} bytes css, gzipped`);
    if (kinds.js > limits.js || kinds.css > limits.css) {
      throw new Error(`page ${page} is heavier than ${limits.js} js or ${limits.css} css`);
    }
  }
}

if (process.argv.includes("--texts")) {
  await extractTexts(root, path.join(root, "plugins/po/dsecos.pot"));
} else {
  await mkdir(dist, { recursive: true });
  await Promise.all([
    buildProgram("agent/main.ts", "agent/agent.js"),
    buildProgram("agent/cli/main.ts", "agent/dsecos.js"),
    buildProgram("agent/audit/writer-worker.ts", "agent/audit-writer.js"),
    buildProgram("agent/audit/reader-worker.ts", "agent/audit-reader.js"),
    buildProgram("agent/ceph/facts/worker.ts", "agent/ceph-facts.js"),
    buildProgram("agent/ceph/residency/worker.ts", "agent/ceph-prover.js"),
    buildProgram("agent/selinux/prover-worker.ts", "agent/selinux-prover.js"),
    buildProgram("agent/selinux/store-program.ts", "agent/selinux-store.js"),
    buildProgram("agent/audit/witness-server/main.ts", "agent/dsecos-witness.js"),
    buildProgram("agent/hsm/driver/main.ts", "hsm/dsecos-hsm.js"),
    copyHelper(),
    copyRules(),
    buildAddon(path.join(root, "node_modules/pkcs11js"), path.join(dist, "hsm/pkcs11.node")),
    buildRaftTiming(path.join(dist, "incus/raft-timing.so")),
    generate(),
    buildPages(),
  ]);
}
