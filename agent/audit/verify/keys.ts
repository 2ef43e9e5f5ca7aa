/** Keys of the log: those that `log.json` names, and the one that the person trusts. */
import { canonical } from "../canonical.ts";
import { formatVerifierKey, NoteError, parseVerifierKey, type VerifierKey } from "../tlog/note.ts";
import { type FileRef, readWhole } from "./files.ts";
import type { Findings } from "./findings.ts";
import type { ToldEvent } from "./job.ts";

const mostBytes = 1 << 20;
const file = "log.json";

export interface LogKey {
  /** Index of the event that tells of it; 0 for the first one. */
  from: number;
  key: VerifierKey;
}

export class LogKeys {
  readonly #keys: readonly LogKey[];
  readonly #trusted: VerifierKey | undefined;

  /** @param trusted given by the person; without it the log's own word is taken */
  constructor(ref: FileRef | undefined, trusted: VerifierKey | undefined, findings: Findings) {
    this.#trusted = trusted;
    this.#keys = ref === undefined ? [] : readKeys(ref, findings);
    if (trusted === undefined) {
      if (this.#keys.length === 0) return;
      const text = `The key of the log was taken from the log itself; give the one that you know with --key.`;
      findings.add({ code: "key.unknown", file, text });
      return;
    }
    if (!this.#keys.some(({ key }) => isSame(key, trusted))) {
      const text = `The log is signed by another key than ${formatVerifierKey(trusted)}.`;
      findings.add({ code: "checkpoint.signature", file, text });
    }
  }

  get all(): readonly VerifierKey[] {
    return this.#keys.map(({ key }) => key);
  }

  /** @returns the key that signs checkpoints of that size: the last one whose event they count. */
  at(size: number): VerifierKey | undefined {
    const [first, ...later] = this.#keys;
    return (later.findLast(({ from }) => from < size) ?? first)?.key;
  }

  /**
   * Every change of key stands in the log, so that a key that is trusted vouches for the others.
   *
   * @param first index of the first event that is there
   */
  checkChanges(told: readonly ToldEvent[], first: number, findings: Findings): void {
    for (const { from, key } of this.#keys.slice(1)) {
      const event = told.find(
        ({ index, action }) => index === from && action === "audit.KeyChanged",
      );
      if (event?.details?.vkey === formatVerifierKey(key) || (event === undefined && from < first))
        continue;
      const text = `Event ${from} does not tell of the key that is used from there on.`;
      findings.add({ code: "checkpoint.signature", file, first: from, text });
    }
  }

  get isTrusted(): boolean {
    return this.#trusted !== undefined;
  }
}

function isSame(a: VerifierKey, b: VerifierKey): boolean {
  return formatVerifierKey(a) === formatVerifierKey(b);
}

function readKeys(ref: FileRef, findings: Findings): LogKey[] {
  const text = readWhole(ref, mostBytes).toString("utf8");
  try {
    const value = JSON.parse(text);
    if (canonical(value) !== text.trimEnd()) throw new NoteError("it is not canonical JSON");
    const keys = (value.keys as { from: number; vkey: string }[]).map(({ from, vkey }) => {
      const key = parseVerifierKey(vkey);
      if (key.name !== value.origin) throw new NoteError("a key has another name than the log");
      if (!Number.isSafeInteger(from)) throw new NoteError("a key has no index");
      return { from, key };
    });
    const rising = keys.every(({ from }, i) =>
      i === 0 ? from === 0 : from > (keys[i - 1]?.from ?? 0),
    );
    if (keys.length === 0 || !rising) throw new NoteError("its keys are not in order");
    return keys;
  } catch (error) {
    const known = error instanceof NoteError || error instanceof SyntaxError;
    if (!known && !(error instanceof TypeError)) throw error;
    const text = `The keys of the log cannot be read: ${error.message.replace(/\.$/, "")}.`;
    findings.add({ code: "checkpoint.form", file, text });
    return [];
  }
}
