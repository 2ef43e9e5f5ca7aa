/**
 * `dsecos-hsm --driver NAME --config FILE [--socket PATH]`: one PKCS#11 module in processes of its
 * own. The keeper is what is started; it starts this program again as its host, with `--host`.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { type DriverConfig, driverConfigSchema, driverNameSchema } from "../config.ts";
import { runHost } from "./host/host.ts";
import { runKeeper } from "./keeper/keeper.ts";

function readConfig(file: string): DriverConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON`, { cause });
  }
  const result = v.safeParse(driverConfigSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${file}: ${v.getDotPath(issue) ?? "top level"}: ${issue.message}`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      driver: { type: "string" },
      config: { type: "string" },
      socket: { type: "string" },
      host: { type: "boolean", default: false },
    },
  });
  const name = v.parse(driverNameSchema, values.driver);
  if (values.config === undefined) throw new Error("--config FILE is missing");
  const config = readConfig(values.config);
  const state =
    process.env.STATE_DIRECTORY ??
    (values.socket === undefined ? undefined : dirname(values.socket));
  if (state === undefined)
    throw new Error("no STATE_DIRECTORY: its unit must have StateDirectory=");
  if (values.host) {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    runHost(name, config, { credentials: process.env.CREDENTIALS_DIRECTORY, state });
    return;
  }
  runKeeper({
    name,
    config,
    socket: values.socket,
    program: fileURLToPath(import.meta.url),
    parameters: process.argv.slice(2),
  });
}

try {
  main();
} catch (error) {
  process.stderr.write(`dsecos-hsm: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
