import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildTranslations, extractTexts } from "../../plugins/build/po.js";

const root = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "dsecos-po-test-"));

afterAll(() => rmSync(scratch, { recursive: true }));

test("the template has every text of the pages; else run: node build.js --texts", async () => {
  const fresh = join(scratch, "dsecos.pot");
  await extractTexts(root, fresh);
  const committed = readFileSync(join(root, "plugins/po/dsecos.pot"), "utf8");
  expect(readFileSync(fresh, "utf8")).toBe(committed);
  expect(committed).toContain('msgid "No tenant yet"');
  expect(committed).toContain("An SELinux domain has a-z");
});

test("a translation becomes a script that Cockpit loads", async () => {
  const po = [
    'msgid ""',
    'msgstr ""',
    '"Content-Type: text/plain; charset=UTF-8\\n"',
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"',
    "",
    'msgid "Tenants"',
    'msgstr "Mandanten"',
    "",
    'msgid "$0 failed"',
    'msgid_plural "$0 failed"',
    'msgstr[0] "$0 fehlgeschlagen"',
    'msgstr[1] "$0 fehlgeschlagen"',
  ];
  writeFileSync(join(scratch, "de.po"), `${po.join("\n")}\n`);
  await buildTranslations(scratch, scratch);
  const script = readFileSync(join(scratch, "po.de.js"), "utf8");
  const loaded: Record<string, unknown>[] = [];
  new Function("cockpit", script)({ locale: (data: Record<string, unknown>) => loaded.push(data) });
  expect(loaded[0]).toMatchObject({
    Tenants: [null, "Mandanten"],
    "$0 failed": [null, "$0 fehlgeschlagen", "$0 fehlgeschlagen"],
    "": { language: "de", "language-direction": "ltr" },
  });
});
