/** Verbs that the command line carries out itself. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseCheckpoint } from "../audit/tlog/checkpoint.ts";
import { NoteError, parseNote, parseVerifierKey } from "../audit/tlog/note.ts";
import { inWords, type Report } from "../audit/verify/report.ts";
import { type Trust, verifyLog } from "../audit/verify/verify.ts";
import type { AgentClient } from "../bus/client.ts";
import { notIntact } from "../bus/derive/exit-codes.ts";
import { DsecosError } from "../bus/errors.ts";
import { proveResidency } from "./ceph.ts";
import { signMap } from "./ceph-map.ts";
import { followRecord } from "./follow.ts";
import type { ParsedCall } from "./parse.ts";
import { explainPolicy, provePolicy } from "./selinux.ts";
import { enableSelinux } from "./selinux-enable.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

export type OfflineVerb = (
  parsed: ParsedCall,
  terminal: Terminal,
  connect: () => Promise<AgentClient>,
) => Promise<number>;

interface VerifyInput {
  key?: string;
  witness?: string[];
  tpmRoot?: string[];
  checkpoint?: string[];
  event?: number;
}

/** By subsystem and member. */
export const offlineVerbs: Record<string, OfflineVerb> = {
  "audit.Verify": verify,
  "audit.Follow": followRecord,
  "ceph.Prove": proveResidency,
  "ceph.SignMap": signMap,
  "selinux.Prove": provePolicy,
  "selinux.Why": explainPolicy,
  "selinux.Enable": (parsed, terminal) => enableSelinux(parsed, terminal),
};

/** More than this the disk does not feed. */
const mostWorkers = 8;

async function verify({ inputs, common }: ParsedCall, terminal: Terminal): Promise<number> {
  const [path, options = {}] = inputs as [string, VerifyInput?];
  const { event } = options;
  const report = await told(path, () =>
    verifyLog(path, {
      trust: trustOf(options),
      event: event === undefined ? undefined : event - 1,
      // This program is one file, which serves as worker too.
      workers: {
        file: new URL(import.meta.url),
        count: Math.min(mostWorkers, availableParallelism()),
      },
      onProgress: (events) => terminal.progress(`${events} events verified`),
    }),
  );
  terminal.progress("");
  checkAsked(event, report);
  const text = common.has("json") ? JSON.stringify(report, null, 2) : inWords(report);
  terminal.print(common.has("json") ? text : text.split("\n").map(harmless).join("\n"));
  return report.intact ? 0 : notIntact;
}

function checkAsked(event: number | undefined, { proof, events, form }: Report): void {
  if (event === undefined || proof !== undefined) return;
  if (form === "disclosed") {
    throw new DsecosError("InvalidArgument", "A disclosed bundle holds its proofs itself.");
  }
  const range = `${events.first + 1} to ${events.end}`;
  const text = `Nothing can be proved of sequence ${event}; there are ${range}.`;
  throw new DsecosError("NotFound", text);
}

function trustOf({ key, witness = [], tpmRoot = [], checkpoint = [] }: VerifyInput): Trust {
  return {
    key: key === undefined ? undefined : read("--key", () => parseVerifierKey(key)),
    witnesses: witness.map((one) => read("--witness", () => parseVerifierKey(one))),
    tpmRoots: tpmRoot.flatMap((file) => read(`--tpm-root ${file}`, () => certificates(file))),
    checkpoints: checkpoint.map((file) =>
      read(`--checkpoint ${file}`, () => {
        const note = parseNote(readFileSync(file));
        parseCheckpoint(note.text);
        return { name: file, note };
      }),
    ),
  };
}

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificates(file: string): X509Certificate[] {
  const bytes = readFileSync(file);
  const texts = bytes.toString("latin1").match(pem);
  return (texts ?? [bytes]).map((one) => new X509Certificate(one));
}

/** @throws DsecosError InvalidArgument that names the option. */
function read<T>(option: string, how: () => T): T {
  try {
    return how();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const known = error instanceof NoteError || /^(E[A-Z]+$|ERR_OSSL_)/.test(code);
    if (!known) throw error;
    const why = code.startsWith("ERR_OSSL_") ? "it holds no certificate" : (error as Error).message;
    throw new DsecosError("InvalidArgument", `${option}: ${why}`, { cause: error });
  }
}

/** @throws DsecosError in the place of what the file system says. */
async function told<T>(path: string, how: () => Promise<T>): Promise<T> {
  try {
    return await how();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new DsecosError("NotFound", `There is no ${path}.`, { cause: error });
    if (code === "EACCES" || code === "EPERM") {
      throw new DsecosError("Denied", `${path} may not be read by this person.`, { cause: error });
    }
    throw error;
  }
}
