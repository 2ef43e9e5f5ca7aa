/**
 * No page weighs more than 150 KB of scripts and 100 KB of styles, gzipped, everything counted
 * that its own HTML loads from its package: Cockpit caches nothing from one page to the next. The
 * reference is Cockpit's own services page, as the distribution ships it. A KB has 1,000 bytes.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { atMost, type Result } from "../case.ts";

const ourPackage = resolve(import.meta.dirname, "../../../dist/cockpit/dsecos");
const cockpitPages = "/usr/share/cockpit/systemd";
const limits = { js: 150, css: 100 };

export async function run(): Promise<Result[]> {
  const reference = weigh(cockpitPages, "services.html");
  const pages = readdirSync(ourPackage).filter((name) => name.endsWith(".html"));
  if (pages.length === 0) throw new Error("the build made no pages");
  return pages.flatMap((page) => {
    const ours = weigh(ourPackage, page);
    const name = `page-weight, ${page.replace(".html", "")}`;
    return [
      atMost(`${name}, js`, "KB", ours.js, reference.js, limits.js),
      atMost(`${name}, css`, "KB", ours.css, reference.css, limits.css),
    ];
  });
}

/** @returns KB of what a page loads, apart from Cockpit's base library, which all pages load. */
function weigh(directory: string, page: string): { js: number; css: number } {
  const html = readFileSync(join(directory, page), "utf8");
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
  const own = links.filter((link) => !link.startsWith("../base1/"));
  const weight = { js: 0, css: 0 };
  for (const link of own) {
    // The translations: Cockpit answers with nothing when the language is English.
    if (link === "po.js") continue;
    const kind = extname(link).slice(1);
    if (kind !== "js" && kind !== "css") throw new Error(`${page} loads ${link}, of unknown kind`);
    weight[kind] += compressedSize(join(directory, link)) / 1000;
  }
  if (weight.js === 0 || weight.css === 0) throw new Error(`${page} loads no script or no style`);
  return weight;
}

/** A script that loads others at run time would escape this: ours must not, so that is refused. */
function compressedSize(file: string): number {
  if (existsSync(`${file}.gz`)) return statSync(`${file}.gz`).size;
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".js") && /\bimport\s*\(/.test(text)) {
    throw new Error(`${file} loads more scripts while it runs`);
  }
  if (file.endsWith(".css") && /@import\b/.test(text)) throw new Error(`${file} imports styles`);
  return gzipSync(text, { level: 9 }).length;
}
