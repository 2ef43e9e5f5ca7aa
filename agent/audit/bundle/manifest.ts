/** The manifest of a bundle: what is in it, under the log's signature. */
import type { KeyObject } from "node:crypto";
import * as v from "valibot";
import { canonical } from "../canonical.ts";
import { formatNote, NoteError, parseNote, signText, type VerifierKey } from "../tlog/note.ts";

export const manifestPath = "manifest";
const firstLine = "dsecos.org/audit-bundle/v1";

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const schema = v.strictObject({
  files: v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  form: v.picklist(["whole", "disclosed"]),
  made: v.string(),
  first: index,
  /** Index behind the last event. */
  end: index,
  tenant: v.optional(v.string()),
});

export type Manifest = v.InferOutput<typeof schema>;

export function signManifest(manifest: Manifest, key: VerifierKey, privateKey: KeyObject): string {
  const text = `${firstLine}\n${canonical(manifest)}\n`;
  return formatNote({ text, signatures: [signText(text, key, privateKey)] });
}

/** Does not look at the signatures. @throws NoteError for what is no manifest. */
export function parseManifest(note: Buffer): { manifest: Manifest; text: string } {
  const { text } = parseNote(note);
  const [first, json = "", end, ...more] = text.split("\n");
  if (first !== firstLine || end !== "" || more.length > 0) {
    throw new NoteError("It is not the manifest of a bundle.");
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new NoteError("The manifest holds no JSON.", { cause });
  }
  const result = v.safeParse(schema, value);
  if (!result.success) {
    throw new NoteError(`The manifest has a wrong ${v.getDotPath(result.issues[0]) ?? "form"}.`);
  }
  if (canonical(value) !== json) throw new NoteError("The manifest is not canonical JSON.");
  return { manifest: result.output, text };
}
