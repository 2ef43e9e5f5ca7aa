/**
 * Expected labels by file_contexts, and what is to be done about others. That the same examples are
 * answered alike by libselinux is tested with its programs, in the integration tier.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readLabels } from "../../agent/selinux/labels/actual.ts";
import { checkLabels, judge, readLabelPolicy } from "../../agent/selinux/labels/check.ts";
import { parseEntries, prefixOf, simplify } from "../../agent/selinux/labels/entries.ts";
import { FileLabels } from "../../agent/selinux/labels/expected.ts";
import { randomOf, sample } from "../../agent/selinux/labels/sample.ts";
import { orderFiles } from "../lib/selinux-labels.ts";

test("the order of entries", () => {
  for (const { files, paths } of orderFiles) {
    const labels = new FileLabels(files);
    for (const [path, kind, context] of paths)
      expect(labels.expected(path, kind).context, `${path} of kind ${kind}`).toBe(context);
  }
});

test("the entry that decided is told, and without a kind entries of all kinds count", () => {
  const labels = new FileLabels({ "": "# note\n\n/a\t-d\tu:r:a:s0\n/b.*\tu:r:b:s0\n" });
  expect(labels.expected("/a", "reg")).toEqual({ context: undefined, by: undefined });
  expect(labels.expected("/a", undefined).by).toMatchObject({ line: 3, file: 0, kind: "dir" });
  expect(labels.expected("/bc\n", "reg")).toMatchObject({ context: "u:r:b:s0", by: { line: 4 } });
  const digit = new FileLabels({ "": "/d\\d\tu:r:d:s0\n" });
  expect(digit.expected("/d7\n", "reg").context).toBe("u:r:d:s0");
  expect(digit.expected("/d7\n\n", "reg").context).toBeUndefined();
  expect(() => labels.expected("a", "reg")).toThrow("no absolute path");
  // Bytes are compared, not letters: two of them for this one.
  const wide = new FileLabels({ "": "/x.z\tu:r:one:s0\n/x..z\tu:r:two:s0\n" });
  expect(wide.expected("/xäz", "reg").context).toBe("u:r:two:s0");
});

test("lines that libselinux would refuse are refused, with their number", () => {
  for (const [line, words] of [
    ["/a", "line 2 has no context"],
    ["/a -x u:r:a:s0", "line 2 has an unknown kind of file, -x"],
    ["/ä u:r:a:s0", "line 2 has characters that are not ASCII"],
  ])
    expect(() => parseEntries(`#\n${line}`, 0, "file_contexts")).toThrow(`file_contexts: ${words}`);
  expect(simplify("/a\\.b\\-c")).toBe("/a.b-c");
  for (const expression of ["/a.b", "/a\\d", "/a\\", "/[a]", "/a{2}", "/a)"])
    expect(simplify(expression)).toBeUndefined();
});

test("what the paths of an expression begin with, where that is plain", () => {
  for (const [expression, prefix] of [
    ["/etc/x(/.*)?", "/etc/x"],
    ["/etc/x.*", "/etc/x"],
    ["/etc/xy?", "/etc/x"],
    ["/etc/xy*z", "/etc/x"],
    ["/etc/xy{0}", "/etc/x"],
    ["/etc/a\\.b\\.*", "/etc/a.b"],
    ["/etc/a\\d", "/etc/a"],
    ["/etc/[ab]c", "/etc/"],
    ["/a/x|/b/y", ""],
    ["/a/(x|y)z", "/a/"],
    ["/a/(x)|y", ""],
    ["/a/\\|x", "/a/|x"],
    ["/a/xy+", "/a/xy"],
  ] as const)
    expect(prefixOf(expression), expression).toBe(prefix);
});

test("an expression that is not understood makes what it might label unknown", () => {
  const labels = new FileLabels({ "": "/.*\tu:r:a_t:s0\n/etc/(?>x)+\tu:r:b_t:s0\n" });
  const policy = { labels, customizable: new Set<string>() };
  const file = { path: "/etc/x", kind: "reg", context: "u:r:a_t:s0" } as const;
  expect(judge(policy, file)).toEqual({
    is: "unknown",
    reason: expect.stringMatching(/^file_contexts: Invalid regular expression/),
  });
  expect(judge(policy, { ...file, path: "/usr/x" }).is).toBe("right");
});

test("only the type is restored, and types that were given on purpose are left", () => {
  const labels = new FileLabels({ "": "/a\tsystem_u:object_r:a_t:s0\n/n\t<<none>>\n" });
  const policy = { labels, customizable: new Set(["public_content_t"]) };
  const of = (context: string | undefined, path = "/a") =>
    judge(policy, { path, kind: "reg", context });
  expect(of("system_u:object_r:a_t:s0").is).toBe("right");
  expect(of("staff_u:object_r:a_t:s0:c1").is).toBe("right");
  expect(of("system_u:object_r:public_content_t:s0").is).toBe("customized");
  expect(of("system_u:object_r:b_t:s0", "/n").is).toBe("unspecified");
  expect(of("system_u:object_r:b_t:s0", "/q").is).toBe("unspecified");
  expect(of("staff_u:object_r:b_t:s0:c1,c2")).toMatchObject({
    is: "mislabelled",
    as: { expected: "system_u:object_r:a_t:s0", restored: "staff_u:object_r:a_t:s0:c1,c2" },
  });
  for (const none of [undefined, "nonsense"])
    expect(of(none)).toMatchObject({ as: { found: none, restored: "system_u:object_r:a_t:s0" } });
});

test("files of this machine: kinds, odd names, what is gone; nothing of it is taken for right", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-labels-"));
  try {
    mkdirSync(join(directory, "contexts/files"), { recursive: true });
    const names = ["plain", "with a blank", "-rf", "new\nline", "% %n"];
    for (const name of names) writeFileSync(join(directory, name), "");
    symlinkSync("nowhere", join(directory, "link"));
    const paths = [...names, "link", "."].map((name) => `${directory}/${name}`);
    const gone = `${directory}/gone`;
    const { found, missing } = await readLabels([...paths, gone]);
    expect(found.map(({ path }) => path)).toEqual(paths);
    expect(found.map(({ kind }) => kind)).toEqual([
      "reg",
      "reg",
      "reg",
      "reg",
      "reg",
      "lnk",
      "dir",
    ]);
    expect(missing).toEqual([gone]);
    const contexts = join(directory, "contexts");
    writeFileSync(join(contexts, "files/file_contexts"), `${directory}(/.*)?\tu:r:odd_t:s0\n`);
    writeFileSync(join(contexts, "customizable_types"), "public_content_t\n\n");
    const report = await checkLabels(await readLabelPolicy(directory), [...paths, gone], 3);
    expect(report).toMatchObject({ checked: 7, mislabelledCount: 7, customized: 0 });
    expect(report.mislabelled).toHaveLength(3);
    expect(report.unknown).toEqual([{ path: gone, reason: "it is gone or may not be looked at" }]);
    await expect(readLabelPolicy(join(directory, "none"))).rejects.toThrow(
      /(file_contexts|customizable_types) is missing, .* Load and confirm a policy/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a sample: no link is followed, no more than asked for, the same for the same seed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-sample-"));
  const draw = (most: number, seed = "a", except?: string) =>
    sample(directory, {
      ...{ most, random: randomOf(seed) },
      ...(except === undefined ? {} : { except: new Set([join(directory, except)]) }),
    });
  try {
    mkdirSync(join(directory, "a/b"), { recursive: true });
    writeFileSync(join(directory, "a/b/file"), "");
    symlinkSync("/usr", join(directory, "a/link"));
    const all = ["", "/a", "/a/b", "/a/b/file", "/a/link"].map((path) => directory + path);
    const { paths, whole, unknown } = await draw(100);
    expect({ paths: paths.sort(), whole, unknown }).toEqual({
      ...{ paths: all, whole: true, unknown: [] },
    });
    expect((await draw(100, "a", "a/b")).paths).toHaveLength(3);
    expect(await draw(4)).toMatchObject({ whole: false, paths: { length: 4 } });
    for (let folder = 0; folder < 40; folder++) {
      mkdirSync(join(directory, `f${folder}`));
      for (let file = 0; file < 40; file++)
        writeFileSync(join(directory, `f${folder}/${file}`), "");
    }
    const some = await draw(200);
    expect(some).toMatchObject({ whole: false, paths: { length: 200 } });
    expect(new Set(some.paths).size).toBe(200);
    expect((await draw(200)).paths.sort()).toEqual([...some.paths].sort());
    expect((await draw(200, "b")).paths.sort()).not.toEqual([...some.paths].sort());
    // Not all from one corner of the tree.
    const inFolders = some.paths.filter((path) => /\/f\d+\/\d+$/.test(path));
    const folders = new Set(inFolders.map((path) => path.split("/").at(-2)));
    expect(folders.size).toBeGreaterThanOrEqual(7);
    expect(await draw(5_000)).toMatchObject({ whole: true, paths: { length: 5 + 40 * 41 } });
    const single = { most: 9, random: randomOf("a") };
    expect((await sample(join(directory, "a/b/file"), single)).paths).toHaveLength(1);
    await expect(sample(join(directory, "none"), single)).rejects.toThrow("ENOENT");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
