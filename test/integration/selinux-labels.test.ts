/**
 * Expected and actual labels, beside Debian 13's own programs: matchpathcon for what a path should
 * have, setfiles for what would be set.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLabels } from "../../agent/selinux/labels/check.ts";
import { type FileKind, fileKinds, parseEntries } from "../../agent/selinux/labels/entries.ts";
import { FileLabels, type LabelFiles } from "../../agent/selinux/labels/expected.ts";
import { orderFiles } from "../lib/selinux-labels.ts";
import { SelinuxRoot } from "../lib/selinux-root.ts";

let root: SelinuxRoot;
let debian: LabelFiles;

beforeAll(async () => {
  root = await SelinuxRoot.unpack();
  debian = homes(readFileSync(await root.fileContexts(), "latin1"));
}, 900_000);
afterAll(() => root?.remove());

/** As libsemanage does for the login that all have who have none of their own. */
function homes(text: string): LabelFiles {
  const lines = text.split("\n");
  const isTemplate = (line: string) => /^HOME_|%\{|\/ROLE/.test(line);
  const expand = (line: string) =>
    line
      .replace("HOME_DIR", "/home/[^/]+")
      .replace("HOME_ROOT", "/home")
      .replace("%{USERID}", "[0-9]+")
      .replace("%{USERNAME}", "[^/]+")
      .replace("/ROLE", "/user");
  return {
    "": lines.filter((line) => !isTemplate(line)).join("\n"),
    ".homedirs": lines.filter(isTemplate).map(expand).join("\n"),
    ".local": [
      "/srv/data(/.*)?\tsystem_u:object_r:public_content_t:s0",
      "/etc/shadow\t--\tsystem_u:object_r:etc_t:s0",
      "/etc/mine\\.conf\t--\tsystem_u:object_r:net_conf_t:s0",
      "/usr/.*/secret\t<<none>>",
    ].join("\n"),
    ".subs": "/opt/home /home\n",
    ".subs_dist": readFileSync(
      join(root.path, "etc/selinux/default/contexts/files/file_contexts.subs_dist"),
      "latin1",
    ),
  };
}

let written = 0;
function write(files: LabelFiles): string {
  written += 1;
  const path = `/tmp/contexts-${written}`;
  for (const [end, text] of Object.entries(files))
    writeFileSync(join(root.path, path + end), `${text}\n`);
  return path;
}

const letters: Record<FileKind, string> = {
  ...{ dir: "d", chr: "c", blk: "b", sock: "s", fifo: "p", lnk: "l", reg: "f" },
};

/** What matchpathcon says, in the order of the paths. */
async function matchpathcon(file: string, kind: FileKind, paths: readonly string[]) {
  const options = ["-n", "-N", "-m", letters[kind], "-f", file];
  return (await root.run("/usr/sbin/matchpathcon", [...options, ...paths]))
    .split("\n")
    .slice(0, -1);
}

/** A small generator of its own, so that a failure can be seen again. */
let state = 2026;
function random(below: number): number {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * below);
}
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;

/** A text that an expression may match: every choice in it made by chance, and sometimes spoilt. */
function pathOf(expression: string): string {
  const words = ["a", "lib", "x.y", "7", "conf", "log", "b/c", "alice", "cups-3.2", "so"];
  let text = expression;
  for (let round = 0; round < 6; round++)
    text = text.replace(/\(([^()]*)\)([?*+]?)/g, (_, inner: string, times: string) =>
      times !== "" && times !== "+" && random(3) === 0 ? "" : pick(inner.split("|")),
    );
  text = text
    .replaceAll(/\\(.)/g, (_, character: string) => `<${character.charCodeAt(0)}>`)
    .replaceAll(/\[\^[^\]]*\][*+?]?|\.[*+]/g, () => pick(words))
    .replaceAll(/\[([^\]])[^\]]*\][*+?]?/g, "$1")
    .replaceAll(/(.)\?/g, (_, character: string) => (random(2) === 0 ? "" : character))
    .replaceAll(/[*+^$|(){}]/g, "")
    .replaceAll(/<(\d+)>/g, (_, code: string) => String.fromCharCode(Number(code)));
  const spoilt = random(10);
  if (spoilt === 0) text += `/${pick(words)}`;
  if (spoilt === 1) text = text.replace("/", "//");
  if (spoilt === 2) text = text.slice(0, -1);
  if (spoilt === 3) text += "/";
  return text.startsWith("/") && text.length > 1 ? text : `/${pick(words)}`;
}

test("what paths should have equals matchpathcon's word, on 7,000 by chance and all literal ones", async () => {
  const labels = new FileLabels(debian);
  expect(labels.size).toBeGreaterThan(5_000);
  const file = write(debian);
  const entries = ["", ".homedirs", ".local"].flatMap((end) =>
    parseEntries(debian[end as keyof LabelFiles] ?? "", 0, end),
  );
  const literal = entries.flatMap(({ literal: path }) => path ?? []);
  const fronts = ["/opt/home/alice", "/lib64", "/var/run", "/run/lock", "/bin", "/etc/init.d"];
  let none = 0;
  for (const kind of fileKinds) {
    const paths = Array.from({ length: 1_000 }, () => pathOf(pick(entries).expression));
    for (let at = 0; at < 100; at++) paths[at] = pick(fronts) + (paths[at] ?? "");
    paths.push(...literal, "/etc/shadow", "/usr/x/secret", "/etc/mine.conf", "/", "/srv/data");
    const theirs = await matchpathcon(file, kind, paths);
    const ours = paths.map((path) => labels.expected(path, kind).context ?? "<<none>>");
    const differ = paths.flatMap((path, at) =>
      ours[at] === theirs[at] ? [] : [`${kind} ${path}: ${ours[at]}, but ${theirs[at]}`],
    );
    expect(differ).toEqual([]);
    expect(theirs).toHaveLength(paths.length);
    expect(new Set(theirs).size).toBeGreaterThan(100);
    none += theirs.filter((context) => context === "<<none>>").length;
  }
  expect(none).toBeGreaterThan(100);
}, 300_000);

test("the order of entries, by small examples", async () => {
  for (const { files, paths } of orderFiles) {
    const labels = new FileLabels(files);
    const file = write(files);
    for (const [path, kind, context] of paths) {
      const [theirs] = await matchpathcon(file, kind, [path]);
      expect(theirs, `${path} of kind ${kind}`).toBe(context ?? "<<none>>");
      expect(labels.expected(path, kind).context, path).toBe(context);
    }
  }
});

test("mislabelled files are those that setfiles would change, to what it would change them", async () => {
  const tree = "/tmp/tree";
  const inside = (path: string) => join(root.path, path);
  for (const name of ["good", "bad", "custom", "level", "none", "with a blank"]) {
    mkdirSync(inside(`${tree}/${name}`), { recursive: true });
    writeFileSync(inside(`${tree}/${name}/file`), "x");
  }
  symlinkSync("file", inside(`${tree}/good/link`));
  // The same entries for both, one with the root in front, as the files are seen from outside.
  const contexts = (front: string) => ({
    "": [
      `${front}${tree}(/.*)?\tsystem_u:object_r:var_t:s0`,
      `${front}${tree}/none(/.*)?\t<<none>>`,
      `${front}${tree}/good/link\t-l\tsystem_u:object_r:etc_t:s0`,
    ].join("\n"),
  });
  const file = write(contexts(""));
  await root.run("/usr/sbin/setfiles", ["-F", file, tree]);
  const label = (context: string, path: string) =>
    root.run("/usr/sbin/setfilecon", [context, `${tree}/${path}`]);
  await label("staff_u:object_r:tmp_t:s0:c1,c5", "bad/file");
  await label("system_u:object_r:etc_t:s0", "with a blank");
  await label("system_u:object_r:public_content_t:s0", "custom/file");
  await label("staff_u:object_r:var_t:s0:c3", "level/file");
  const paths = (await root.run("/usr/sbin/setfiles", ["-n", "-v", file, tree]))
    .split("\n")
    .flatMap((line) => {
      const match = /^Would relabel (.*) from (\S+) to (\S+)$/.exec(line);
      return match === null ? [] : [{ path: match[1], found: match[2], restored: match[3] }];
    });
  const all = ["", "/good", "/good/file", "/good/link", "/bad", "/bad/file", "/custom/file"];
  all.push("/level/file", "/none", "/none/file", "/with a blank", "/with a blank/file", "/gone");
  const policy = {
    labels: new FileLabels(contexts(root.path)),
    customizable: new Set(["public_content_t"]),
  };
  const report = await checkLabels(
    policy,
    all.map((path) => inside(tree + path)),
  );
  expect(
    report.mislabelled.map(({ path, found, restored }) => ({
      ...{ path: path.slice(root.path.length), found, restored },
    })),
  ).toEqual(paths.filter(({ path }) => !path?.includes("custom")));
  expect(report).toMatchObject({
    checked: 12,
    mislabelledCount: 2,
    customized: 1,
    unspecified: 2,
    unknown: [{ path: inside(`${tree}/gone`), reason: expect.any(String) }],
  });
});
