/**
 * How a systemd credential is sealed, from the first 16 bytes of its file: the ids are those of
 * CRED_AES256_GCM_BY_* in systemd's src/shared/creds-util.h (versions 252 to 259).
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { explain } from "../../log.ts";
import type { PinSource } from "../driver/types.ts";
import type { PinSeal } from "./answers.ts";

const sealOf: Record<string, PinSeal> = {
  "5a1c6a86df9d4096b1d5a65e0862f19a": "host",
  "55b9ed1d38594d43a8319d2ebb332ac6": "host",
  "0c7cc07b117645919c4b0bea08bc20fe": "tpm",
  faf7eb9341e3412ca1a436f95a29362f: "tpm",
  "93a894094874449090caf2fc93cab553": "tpmAndHost",
  ef4ac13679a9480ea7db68897f9f165d: "tpmAndHost",
  af4950a849134eb1a73846304ff30c05: "tpmAndHost",
  adbc4ca3efb64201ba881b6f2e4095ea: "tpmAndHost",
  // A fixed key: whoever has the file has the secret.
  "058469daf6f54324800549da0f8ea2fb": "none",
};

const words: Record<PinSeal, string> = {
  tpm: "The PIN is sealed to this machine's TPM.",
  tpmAndHost: "The PIN is sealed to this machine's TPM and to a key of this machine.",
  host: "The PIN is encrypted with a key in a file of this machine, not sealed to a TPM: who copies the disk has it.",
  none: "The PIN is not encrypted by anything secret: who reads the file has it.",
  unknown: "How the PIN is sealed could not be found out.",
};

export interface Sealing {
  seal: PinSeal;
  words: string;
}

export interface Stores {
  /** Directories where systemd looks for sealed credentials, first one first. */
  sealed: readonly string[];
  /** Those where it looks for plain ones. */
  plain: readonly string[];
}

/** @param source where the driver's process found its PIN; a process that is not there found none */
export async function readSealing(
  stores: Stores,
  credential: string,
  source: PinSource,
): Promise<Sealing> {
  const file = join(stores.sealed[0] ?? "", credential);
  const again = `Seal it with “systemd-creds encrypt --name=${credential} FILE ${file}”.`;
  if (source === "file") {
    const what = `The driver was started with its PIN in a plain file: who reads or copies the file has it. ${again}`;
    return { seal: "none", words: what };
  }
  for (const directory of stores.sealed) {
    const path = join(directory, credential);
    try {
      return sealing(await readFile(path, "latin1"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      return { seal: "unknown", words: `${words.unknown} ${path}: ${explain(error)}` };
    }
  }
  // Not read: what is in it is not for us.
  const plain = stores.plain.map((directory) => join(directory, credential)).find(existsSync);
  if (plain !== undefined) {
    const what = `The PIN is in a plain file, ${plain}: who reads or copies it has the PIN. ${again}`;
    return { seal: "none", words: what };
  }
  if (source === "credential") {
    const what = `${words.unknown} The driver's unit takes it from somewhere else than ${stores.sealed[0]}.`;
    return { seal: "unknown", words: what };
  }
  return { seal: "unknown", words: `There is no ${file}; make it with “systemd-creds encrypt”.` };
}

/** @param text the file: base64, as `systemd-creds encrypt` writes it */
export function sealing(text: string): Sealing {
  const id = Buffer.from(text.slice(0, 64).replace(/\s/g, ""), "base64").subarray(0, 16);
  const seal = sealOf[id.toString("hex")] ?? "unknown";
  return { seal, words: words[seal] };
}
