/**
 * Strict base64 (RFC 4648, section 4, with padding): every byte string has one text and no other,
 * so that no character of a signed file can change unnoticed. Node's own reader takes anything.
 *
 * @returns undefined for anything else
 */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** @returns undefined for what is not lower-case hexadecimal of `length` bytes. */
export function fromHex(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, "hex");
  return bytes.length === length && bytes.toString("hex") === text ? bytes : undefined;
}
