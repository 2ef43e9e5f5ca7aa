/** What an instance's console printed lately. */
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";

const keptBytes = 256 * 1024;

/** @returns at most the last 256 KiB, without control characters; empty when there is none. */
export async function readLog(client: IncusClient, tenant: string, name: string): Promise<string> {
  try {
    const path = apiPath("instances", name, "console");
    const text = await client.text(path, { project: tenant, maxBytes: 16 * 1024 * 1024 });
    return tidy(text);
  } catch (error) {
    // An instance that never ran has no console yet.
    if (error instanceof DsecosError && error.code === "NotFound") return "";
    throw error;
  }
}

/** Terminals act on escape sequences, so none of them reaches a person's screen. */
export function tidy(text: string): string {
  const plain = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    .replace(/\u001b(\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(\u0007|\u001b\\)?|[@-Z\\-_])/g, "")
    .replace(/\r\n/g, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .toWellFormed();
  const bytes = Buffer.from(plain, "utf8");
  if (bytes.length <= keptBytes) return plain;
  // A cut may fall within a character; what is left of it is dropped.
  return bytes
    .subarray(bytes.length - keptBytes)
    .toString("utf8")
    .replace(/^\uFFFD+/, "");
}
