/** What the page itself can find out about an event: is it in the tree of the signed checkpoint? */
import type { Shown } from "../../agent/audit/answers.ts";
import { _, format } from "../lib/i18n.ts";
import {
  type Checkpoint,
  fromBase64,
  leafOf,
  payloadOf,
  readCheckpoint,
  rootFrom,
  toBase64,
} from "./inclusion.ts";

export type Proof =
  /** The page came to the checkpoint's root by itself. */
  | { state: "proved"; checkpoint: Checkpoint; steps: number }
  /** No checkpoint counts the event yet. */
  | { state: "waiting" }
  /** The browser does not let the page compute. */
  | { state: "unable"; why: string }
  | { state: "wrong"; why: string };

/** @returns why the bytes are not those of the event, index and leaf that the agent tells */
async function contradiction({ entry, raw, proof }: Shown): Promise<string | undefined> {
  const bytes = fromBase64(raw);
  const payload: unknown = JSON.parse(payloadOf(bytes));
  const { sequence, ...members } = entry;
  if (sequence !== proof.index + 1)
    return _("the number of the event is not its place in the tree");
  if (!same(payload, members)) return _("the event is not what its bytes say");
  if (toBase64(await leafOf(bytes)) !== proof.leaf)
    return _("the leaf is not the hash of its bytes");
  return undefined;
}

/** Compares JSON values; the order of members does not matter. */
function same(one: unknown, other: unknown): boolean {
  const object = (value: unknown) => typeof value === "object" && value !== null;
  if (!object(one) || !object(other)) return one === other;
  const [first, second] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const keys = Object.keys(first);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(second).length &&
    keys.every((key) => Object.hasOwn(second, key) && same(first[key], second[key]))
  );
}

export async function prove(shown: Shown): Promise<Proof> {
  const { proof, raw } = shown;
  if (proof.checkpoint === "") return { state: "waiting" };
  // Browsers compute only on pages that came encrypted, or from the machine itself.
  if (!globalThis.crypto?.subtle) {
    return {
      state: "unable",
      why: _("The browser computes no hashes over an unencrypted connection."),
    };
  }
  try {
    const wrong = await contradiction(shown);
    if (wrong) return { state: "wrong", why: wrong };
    const checkpoint = readCheckpoint(proof.checkpoint);
    if (checkpoint.size !== proof.size) {
      return { state: "wrong", why: _("the checkpoint counts another number of events") };
    }
    const leaf = await leafOf(fromBase64(raw));
    const root = await rootFrom(leaf, proof.index, proof.size, proof.hashes.map(fromBase64));
    if (toBase64(root) !== checkpoint.root) {
      return { state: "wrong", why: _("the hashes lead to another root than the signed one") };
    }
    return { state: "proved", checkpoint, steps: proof.hashes.length };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { state: "wrong", why: format(_("the proof cannot be read: $0"), reason) };
  }
}
