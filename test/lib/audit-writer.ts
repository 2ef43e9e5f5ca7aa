import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";

let built: string | undefined;

/** @returns the path of the audit log's writer, bundled for this process from what is there now. */
export function auditWriter(): string {
  if (built !== undefined) return built;
  const directory = mkdtempSync(join(tmpdir(), "dsecos-writer-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  built = join(directory, "audit-writer.mjs");
  buildSync({
    entryPoints: [resolve(import.meta.dirname, "../../agent/audit/writer-worker.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: built,
  });
  return built;
}
