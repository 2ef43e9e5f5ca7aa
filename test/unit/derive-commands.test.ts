import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandsOf, synopsis } from "../../agent/bus/derive/commands.ts";
import { completion } from "../../agent/bus/derive/completion.ts";
import { exampleOf } from "../../agent/bus/derive/examples.ts";
import { exitCodeOf } from "../../agent/bus/derive/exit-codes.ts";
import { manPage } from "../../agent/bus/derive/man.ts";
import { referenceMarkdown } from "../../agent/bus/derive/reference.ts";
import { errorCodes } from "../../agent/bus/errors.ts";
import { contracts } from "../../agent/contracts.ts";
import { offline } from "../../agent/offline.ts";

const commands = commandsOf(contracts);

function find(subsystem: string, verb: string) {
  const command = commands.find((one) => one.subsystem === subsystem && one.verb === verb);
  if (command === undefined) throw new Error(`no ${subsystem} ${verb}`);
  return command;
}

describe("commands", () => {
  it("has one verb for every member, and for what the command line does itself", () => {
    const verbs = [...contracts, ...offline].flatMap(({ subsystem, methods }) =>
      Object.keys(methods).map((member) => `${subsystem}.${member}`),
    );
    const found = commands.map(({ subsystem, member }) => `${subsystem}.${member}`);
    expect(found.toSorted()).toEqual([...new Set(verbs)].sort());
  });

  it("makes positionals of texts and options of the rest", () => {
    expect(synopsis(find("tenants", "delete"))).toMatch(
      /^dsecos tenants delete NAME .*\[--remove-contents\]/,
    );
    expect(synopsis(find("instances", "stop"))).toBe(
      "dsecos instances stop TENANT NAME... [--force]",
    );
    expect(synopsis(find("instances", "snapshot"))).toBe(
      "dsecos instances snapshot TENANT NAME... --snapshot SNAPSHOT",
    );
    expect(synopsis(find("jobs", "show"))).toBe("dsecos jobs show JOB");
  });

  it("makes options of a document's leaves, with what holds when they are not given", () => {
    const { options } = find("instances", "create");
    expect(options.find(({ name }) => name === "image")).toMatchObject({ required: true });
    expect(options.find(({ name }) => name === "start")).toMatchObject({
      kind: "boolean",
      fallback: true,
    });
    const quota = find("tenants", "create").options.find(({ name }) => name === "ram");
    expect(quota?.path).toEqual(["quota", "ram"]);
  });

  it("shows the example that people know", () => {
    expect(exampleOf(find("tenants", "create"))).toBe(
      "dsecos tenants create mod-defense --domain defense_t --cpu 128 --ram 1TB --storage 50TB",
    );
  });
});

describe("texts for people", () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-derive-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.skipIf(!existsSync("/usr/bin/man"))("writes a man page without warnings", () => {
    const file = join(directory, "dsecos.1");
    writeFileSync(file, manPage(contracts, "0.0.0"));
    const printed = execFileSync("man", ["--warnings", "-l", file], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "80" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 20_000,
    });
    expect(printed).toContain("dsecos tenants create NAME");
    expect(printed).toContain("EXIT STATUS");
  });

  it("writes a completion that bash understands", () => {
    const file = join(directory, "dsecos.bash");
    writeFileSync(file, completion(contracts, "bash"));
    const complete = (line: string[]) =>
      execFileSync(
        "bash",
        [
          "-c",
          'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dsecos; echo "$COMPREPLY"',
          "bash",
          file,
          ...line,
        ],
        { encoding: "utf8", timeout: 10_000 },
      ).trim();
    expect(complete(["dsecos", "ten"])).toBe("tenants");
    expect(complete(["dsecos", "tenants", "cre"])).toBe("create");
    expect(complete(["dsecos", "tenants", "create", "x", "--dom"])).toBe("--domain");
    expect(complete(["dsecos", "tenants", "create", "x", "--classification", "top"])).toBe(
      "top-secret",
    );
  });

  it("tells in the reference who may call what and which need a second person", () => {
    const text = referenceMarkdown(contracts);
    expect(text).toContain("## org.dsecos.Tenants1");
    expect(text).toMatch(/\| Create \| `org\.dsecos\.tenants\.create` \| – \| yes \| – \| – \|/);
    expect(text).toContain("One other person must approve the very same request first");
  });

  it("ends with one code for every error", () => {
    expect(errorCodes.map(exitCodeOf)).toEqual([2, 4, 3, 6, 5, 5, 7, 7, 1]);
  });
});
