/** One question to a witness: the checkpoint, its proof, and what each answer means. */
import { type Remote, retryAfter } from "../remote.ts";
import { cosignatureTime } from "../tlog/cosignature.ts";
import {
  formatSignature,
  NoteError,
  parseSignature,
  type Signature,
  type VerifierKey,
} from "../tlog/note.ts";
import { addCheckpointPath, formatAddCheckpoint, parseSize } from "./protocol.ts";

export type Answer =
  /** A verified cosignature, as a line with its newline; the time is in milliseconds since 1970. */
  | { kind: "signed"; line: string; time: number }
  /** The witness has cosigned this many events. */
  | { kind: "conflict"; size: number }
  /** The proof does not convince it. */
  | { kind: "unconvinced" }
  | { kind: "refused"; text: string; waitMs: number };

/**
 * @param text of the checkpoint, with its last newline
 * @throws Unreachable
 */
export async function ask(
  remote: Remote,
  key: VerifierKey,
  checkpoint: { note: string; text: string; old: number; proof: Buffer[] },
  signal: AbortSignal,
): Promise<Answer> {
  const { status, headers, text } = await remote.send({
    method: "POST",
    path: addCheckpointPath,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: formatAddCheckpoint(checkpoint),
    signal,
  });
  const refused = (said: string): Answer => ({
    kind: "refused",
    text: said,
    waitMs: retryAfter(headers),
  });
  switch (status) {
    case 200:
      return (
        signedAnswer(text, checkpoint.text, key) ??
        refused(
          `${key.name} signed something else, or under another key than the configured one; compare it with the witness's verifier key.`,
        )
      );
    case 409: {
      const size = parseSize(text.trim());
      if (size === undefined)
        return refused(`${key.name} answered a conflict without a size; look at its version.`);
      return { kind: "conflict", size };
    }
    case 422:
      return { kind: "unconvinced" };
    case 404:
      return refused(
        `${key.name} does not know this log, or its address is another; give its operator the log's verifier key, and see that its url is right.`,
      );
    case 403:
      return refused(
        `${key.name} knows another key for this log; give its operator the log's verifier key.`,
      );
    case 429:
    case 503:
      return refused(`${key.name} is busy; its signature comes later.`);
    default:
      return refused(`${key.name} answered with status ${status}; look at its log.`);
  }
}

function signedAnswer(body: string, text: string, key: VerifierKey): Answer | undefined {
  for (const line of body.split("\n").filter((each) => each !== "")) {
    const signature = readSignature(line);
    if (signature?.name !== key.name || signature.id !== key.id) continue;
    const seconds = cosignatureTime(text, signature.bytes, key);
    if (seconds === undefined) continue;
    return { kind: "signed", line: formatSignature(signature), time: seconds * 1000 };
  }
  return undefined;
}

/** Lines of keys that are not configured may be of any kind and are passed over. */
function readSignature(line: string): Signature | undefined {
  try {
    return parseSignature(line);
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}
