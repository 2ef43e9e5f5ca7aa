/**
 * Certificates that are issued, from a request's bytes to the file on the disk: CPU time of all
 * processes, against what no way of doing it can leave out: the signature, as a program makes it that
 * calls SoftHSM itself, and the check of the request's own signature by OpenSSL. Where a program makes
 * 4,500 signatures a CPU-second, 1,500 certificates are a third of it. The second figure is what a
 * certificate takes beside both. No bus, and the audit log is in memory.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPkiBed, fakeCall, type PkiBed } from "../../lib/pki-bed.ts";
import { atMost, median, type Result, ratioAtLeast } from "../case.ts";
import { cpuOfAll, startDirectSigner } from "../lib/hsm.ts";

const count = 300;
const depth = 32;
const rounds = 7;
const owner = "bench";
/** Of a third of 4,500 a second: 1/1,500 s less 1/4,500 s. */
const mostBeside = 0.444;

export async function run(): Promise<Result[]> {
  const bed = await createPkiBed();
  try {
    await bed.token(owner);
    const spec = { selfSigned: true, hosts: [], postQuantum: false };
    await bed.answers.handlers.CreateAuthority(fakeCall("CreateAuthority"), owner, spec);
    const direct = await startDirectSigner(bed.hsm.directory);
    try {
      const request = newRequest();
      const cpu = () => cpuOfAll({ bed: bed.hsm });
      const [ours, theirs, checks]: [number[], number[], number[]] = [[], [], []];
      await issueMany(bed, request);
      await direct.sign("P-384", count);
      for (let round = 0; round < rounds; round++) {
        const before = cpu();
        await issueMany(bed, request);
        ours.push((cpu() - before) / count);
        theirs.push((await direct.sign("P-384", count)) / count);
        checks.push(checkRequests() / count);
      }
      const [each, signature] = [median(ours), median(theirs) + median(checks)];
      const ms = (seconds: number) => seconds * 1000;
      return [
        ratioAtLeast("hsm-issue", "certificates/CPU-s", 1 / each, 1 / signature, 1 / 3),
        atMost(
          "hsm-issue, beside the signatures",
          "ms",
          ms(each - signature),
          ms(signature),
          mostBeside,
        ),
      ];
    } finally {
      direct.end();
    }
  } finally {
    await bed.remove();
  }
}

async function issueMany({ answers }: PkiBed, request: string): Promise<void> {
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await answers.handlers.Issue(fakeCall("Issue"), owner, "person", request, 90);
    }
  };
  await Promise.all(Array.from({ length: depth }, one));
}

/** @returns CPU seconds of checking a signature by P-384 so many times. */
function checkRequests(): number {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const content = Buffer.alloc(150, 1);
  const signature = sign("sha256", content, privateKey);
  const before = process.cpuUsage();
  for (let i = 0; i < count; i += 1) verify("sha256", content, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function newRequest(): string {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bench-csr-"));
  try {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
    const out = ["-keyout", "k.pem", "-out", "r.csr", "-subj", "/CN=jane"];
    execFileSync("openssl", ["req", "-new", ...key, ...out], {
      ...{ cwd: directory, timeout: 10_000, stdio: "ignore" },
    });
    return readFileSync(join(directory, "r.csr")).toString("base64");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
