/** Small files of labels and what paths get by them: read by our own reader and by Debian's. */
import type { FileKind } from "../../agent/selinux/labels/entries.ts";
import type { LabelFiles } from "../../agent/selinux/labels/expected.ts";

interface Example {
  files: LabelFiles;
  /** A path, its kind, and what it gets; undefined where it gets nothing. */
  paths: [path: string, kind: FileKind, context: string | undefined][];
}

const label = (type: string) => `u:object_r:${type}:s0`;
const lines = (...entries: [expression: string, type: string][]) =>
  entries
    .map(([expression, type]) => `${expression}\t${type === "<<none>>" ? type : label(type)}`)
    .join("\n");

export const orderFiles: Example[] = [
  {
    // The last expression counts, unless one without special characters is the path itself.
    files: {
      "": lines(
        ["/etc/exact", "exact"],
        ["/.*", "all"],
        ["/etc(/.*)?", "etc"],
        ["/etc/x.*", "last"],
        ["/etc/dotted\\.conf", "dotted"],
        ["/etc/x\\-y", "escaped"],
        ["/etc/odd\\d", "digit"],
      ),
    },
    paths: [
      ["/", "dir", label("all")],
      ["/other", "reg", label("all")],
      ["/etc", "dir", label("etc")],
      ["/etc/", "dir", label("etc")],
      ["//etc///a", "reg", label("etc")],
      ["/etc/exact", "reg", label("exact")],
      ["/etc/exact/b", "reg", label("etc")],
      ["/etc/xyz", "reg", label("last")],
      ["/etc/dotted.conf", "reg", label("dotted")],
      ["/etc/dottedXconf", "reg", label("etc")],
      ["/etc/x-y", "reg", label("escaped")],
      ["/etc/odd7", "reg", label("digit")],
    ],
  },
  {
    // Kinds; and of equal paths those that name a kind before those that do not.
    files: {
      "": lines(
        ["/dev/a\t-c", "char"],
        ["/dev/a", "any"],
        ["/dev/a\t-b", "block"],
        ["/run/.*\t-s", "socket"],
        ["/run/.*\t-p", "pipe"],
      ),
    },
    paths: [
      ["/dev/a", "chr", label("char")],
      ["/dev/a", "blk", label("block")],
      ["/dev/a", "reg", label("any")],
      ["/run/a", "sock", label("socket")],
      ["/run/a", "fifo", label("pipe")],
      ["/run/a", "reg", undefined],
    ],
  },
  {
    // Entries of .local stand last; a literal one does not go before one of the main file.
    files: {
      "": lines(["/srv(/.*)?", "srv"], ["/srv/one", "one"], ["/srv/none.*", "<<none>>"]),
      ".homedirs": lines(["/srv/home/.+", "home"], ["/srv/deep/a/b.*", "deep"]),
      ".local": lines(
        ["/srv/[ot].*", "local"],
        ["/srv/one", "mine"],
        ["/srv/two", "two"],
        ["/srv/.*/c", "late"],
      ),
    },
    paths: [
      ["/srv", "dir", label("srv")],
      ["/srv/one", "reg", label("one")],
      ["/srv/two", "reg", label("two")],
      ["/srv/oh", "reg", label("local")],
      ["/srv/none", "reg", undefined],
      ["/srv/nonesuch/c", "reg", label("late")],
      ["/srv/home/alice", "dir", label("home")],
      ["/srv/deep/a/bc", "reg", label("deep")],
      ["/srv/deep/a/b/c", "reg", label("late")],
    ],
  },
  {
    // Where an entry in a deeper part of the tree says none, nothing more is looked for.
    files: {
      "": lines(["/var/lib/.*", "<<none>>"], ["/var/.*", "later"], ["/var/lib/x(/.*)?", "x"]),
    },
    paths: [
      ["/var/lib/a", "reg", undefined],
      ["/var/lib/x/a", "reg", label("x")],
      ["/var/log", "dir", label("later")],
    ],
  },
  {
    // Other names for the same places: the administrator's first, then the distribution's.
    files: {
      "": lines(
        ["/usr/lib(/.*)?", "lib"],
        ["/usr/libx(/.*)?", "x"],
        ["/home/[^/]+", "home"],
        ["/target/.*", "target"],
      ),
      ".subs": "/mnt/home /home\n# /usr /elsewhere\n/chain /lib64\n/slash /\n",
      ".subs_dist": "/lib64 /usr/lib\n/lib /usr/lib\n  /spaced   /target  \n",
    },
    paths: [
      ["/lib64/a", "reg", label("lib")],
      ["/lib64x/a", "reg", undefined],
      ["/lib", "dir", label("lib")],
      ["/mnt/home/alice", "dir", label("home")],
      ["/chain/b", "reg", label("lib")],
      ["/slash/home/alice", "dir", label("home")],
      ["/spaced/a", "reg", label("target")],
    ],
  },
  {
    // Nothing stands around an expression, so that a choice at its top is bound at one end only.
    files: { "": lines(["/a/x|/b/y", "choice"]) },
    paths: [
      ["/a/x", "reg", label("choice")],
      ["/a/xyz", "reg", label("choice")],
      ["/a/b/y", "reg", label("choice")],
      ["/q/b/y", "reg", undefined],
    ],
  },
];
