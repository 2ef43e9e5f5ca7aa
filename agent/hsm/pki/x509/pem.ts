/** PEM as OpenSSL writes and wants it (RFC 7468). Imports nothing from node:. */

export type PemLabel = "CERTIFICATE" | "X509 CRL" | "CERTIFICATE REQUEST";

export function toPem(label: PemLabel, der: Uint8Array): string {
  const text = Buffer.from(der).toString("base64");
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * The first part of a PEM file that has one of those labels; text around it is left out.
 * @returns undefined where there is none
 */
export function fromPem(text: string, labels: readonly string[]): Buffer | undefined {
  for (const label of labels) {
    const begin = `-----BEGIN ${label}-----`;
    const at = text.indexOf(begin);
    if (at < 0) continue;
    const end = text.indexOf(`-----END ${label}-----`, at);
    if (end < 0) return undefined;
    const body = text.slice(at + begin.length, end).replace(/\s+/g, "");
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return undefined;
    return Buffer.from(body, "base64");
  }
  return undefined;
}
