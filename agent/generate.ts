/** Writes everything that is derived from the contracts; the build runs it. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { roles } from "./bus/contract.ts";
import { busPolicy } from "./bus/derive/bus-policy.ts";
import { introspectionXml } from "./bus/derive/introspection.ts";
import { polkitActions, polkitRules } from "./bus/derive/polkit.ts";
import { publishedSchemas } from "./bus/derive/schemas.ts";
import { contracts } from "./contracts.ts";

/** @param outDir the build's output; `policies` and `share` are written below it */
export async function generate(outDir: string): Promise<void> {
  for (const [path, text] of generatedFiles()) {
    const target = join(outDir, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** Text of every generated file by its path below the build's output. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  files.set("policies/dbus/org.dsecos.Agent.conf", busPolicy(contracts));
  files.set("policies/polkit/org.dsecos.policy", polkitActions(contracts));
  for (const role of roles) {
    files.set(`policies/polkit/50-dsecos-${role}.rules`, polkitRules(contracts, role));
  }
  for (const definition of contracts) {
    files.set(`share/introspection/${definition.name}.xml`, introspectionXml([definition]));
  }
  for (const { name, schema } of publishedSchemas(contracts)) {
    files.set(`share/schema/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  return files;
}
