/**
 * Reading denials: CPU for a line of auditd's log, from the file's bytes to counted groups, beside
 * what splitting the same text into lines costs with one regular expression that finds the
 * permissions, contexts and class of an AVC record, and puts nothing together. 10 us for a line are
 * 100,000 lines a second.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lines } from "../../../agent/audit/sources/auditd/lines.ts";
import { maxRecordBytes } from "../../../agent/audit/sources/auditd/record.ts";
import { DenialGroups } from "../../../agent/selinux/denials/groups.ts";
import { DenialLines } from "../../../agent/selinux/denials/lines.ts";
import { atMost, median, type Result } from "../case.ts";

const denials = 120_000;
const rounds = 5;
const chunkBytes = 256 * 1024;

/** A thousand denials a second, in 600 groups, as auditd writes them with log_format=ENRICHED: four in five with the system call around them. */
function logText(): { text: string; lines: number } {
  const lines: string[] = [];
  for (let i = 0; i < denials; i++) {
    const stamp = `msg=audit(${1_795_285_266 + (i >> 10)}.${String(100 + (i % 900))}:${1_000 + i}):`;
    const from = `tenant${String(1 + (i % 40)).padStart(4, "0")}`;
    const to = `tenant${String(1 + (i % 25)).padStart(4, "0")}`;
    const level = `s0:c${i % 30},c${31 + (i % 50)}`;
    const contexts = `scontext=system_u:system_r:${from}_t:${level} tcontext=system_u:object_r:${to}_vol_t:s0:c3,c9`;
    lines.push(
      `type=AVC ${stamp} avc:  denied  { ${i % 3 === 0 ? "read open" : "search"} } for  pid=${i % 30_000} comm="busybox" name="v${i % 100}" dev="vda" ino=${25_000 + i} ${contexts} tclass=${i % 3 === 0 ? "file" : "dir"} permissive=0`,
    );
    if (i % 5 === 0) continue;
    lines.push(
      `type=SYSCALL ${stamp} arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffd00 a2=90800 a3=0 items=0 ppid=1 pid=${i % 30_000} auid=4294967295 uid=1000000 gid=1000000 euid=1000000 suid=1000000 fsuid=1000000 egid=1000000 sgid=1000000 fsgid=1000000 tty=(none) ses=4294967295 comm="busybox" exe="/usr/bin/busybox" subj=system_u:system_r:${from}_t:${level} key=(null)\u001dARCH=x86_64 SYSCALL=openat AUID="unset" UID="unknown(1000000)" GID="unknown(1000000)"`,
      `type=PROCTITLE ${stamp} proctitle=62757379626F78006C73002F7372762F${(i % 100).toString(16).padStart(2, "0").toUpperCase()}`,
    );
  }
  return { text: `${lines.join("\n")}\n`, lines: lines.length };
}

function ours(file: string): void {
  const groups = new DenialGroups();
  const reader = new DenialLines((finding) => {
    if (finding.what !== "denial") throw new Error(`read as ${finding.what}`);
    groups.add(finding);
  });
  const lines = new Lines(maxRecordBytes);
  const bytes = readFileSync(file);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    for (const line of lines.push(bytes.subarray(at, at + chunkBytes))) reader.line(line);
  reader.end();
  const counted = groups.list().reduce((sum, { count }) => sum + count, 0);
  if (counted + groups.status().droppedDenials !== denials)
    throw new Error(`${counted} denials were found instead of ${denials}`);
}

const pattern =
  /avc: {2}(denied|granted) {2}\{ ([^}]+) \} for .* scontext=(\S+) tcontext=(\S+) tclass=(\S+)/;

function reference(file: string): void {
  let found = 0;
  for (const line of readFileSync(file, "utf8").split("\n")) if (pattern.test(line)) found += 1;
  if (found !== denials) throw new Error(`the reference found ${found}`);
}

function cpuOf(what: () => void): number {
  const before = process.cpuUsage();
  what();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

export function run(): Result[] {
  const file = join(tmpdir(), `dsecos-bench-avc-${process.pid}.log`);
  const { text, lines } = logText();
  writeFileSync(file, text);
  try {
    const [mine, plain]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      mine.push(cpuOf(() => ours(file)) / lines);
      plain.push(cpuOf(() => reference(file)) / lines);
    }
    return [atMost("read denials from a log", "us CPU per line", median(mine), median(plain), 10)];
  } finally {
    rmSync(file, { force: true });
  }
}
