/** Writes everything that is derived from the contracts; the build runs it. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { version as ownVersion } from "../package.json";
import { roles } from "./bus/contract.ts";
import { busPolicy } from "./bus/derive/bus-policy.ts";
import { completion } from "./bus/derive/completion.ts";
import { introspectionXml } from "./bus/derive/introspection.ts";
import { manPage } from "./bus/derive/man.ts";
import { polkitActions, polkitRules } from "./bus/derive/polkit.ts";
import { referenceMarkdown } from "./bus/derive/reference.ts";
import { publishedSchemas } from "./bus/derive/schemas.ts";
import { contracts } from "./contracts.ts";

/**
 * @param outDir the build's output; `policies` and `share` are written below it
 * @param version as the man page tells it
 */
export async function generate(outDir: string, version = ownVersion): Promise<void> {
  for (const [path, text] of generatedFiles(version)) {
    const target = join(outDir, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** Text of every generated file by its path below the build's output. */
export function generatedFiles(version: string): Map<string, string> {
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
  files.set("share/reference.md", referenceMarkdown(contracts));
  files.set("share/dsecos.1", manPage(contracts, version));
  files.set("share/completion/dsecos.bash", completion(contracts, "bash"));
  files.set("share/completion/_dsecos", completion(contracts, "zsh"));
  return files;
}
