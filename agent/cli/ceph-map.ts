/** The verb that signs a map of jurisdictions, where the key is, without an agent or a cluster. */
import { DsecosError } from "../bus/errors.ts";
import { signatureBy, signedText, signingKey, withSignature } from "../ceph/residency/map/sign.ts";
import { mapKey, mostMapBytes, readAnyMap } from "../ceph/residency/map/signed.ts";
import { mostKeyBytes, readBounded } from "./files.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";

interface SignOptions {
  map: string;
  key?: string;
  publicKey?: string;
  signature?: string;
}

export async function signMap(call: ParsedCall, terminal: Terminal): Promise<number> {
  const [options] = call.inputs as [SignOptions];
  const { map: file, key, publicKey, signature } = options;
  const { map, signatures } = readAnyMap(String(readBounded(file, mostMapBytes)), file);
  const isApart = publicKey !== undefined || signature !== undefined;
  if (key !== undefined && !isApart) {
    const signing = signingKey(String(readBounded(key, mostKeyBytes)), key);
    const own = signatureBy(signing, map);
    terminal.print(withSignature(map, signatures, { key: signing, signature: own, file }));
  } else if (publicKey !== undefined && signature !== undefined && key === undefined) {
    const by = mapKey(String(readBounded(publicKey, mostKeyBytes)), publicKey);
    terminal.print(withSignature(map, signatures, { key: by, signature, file }));
  } else if (key === undefined && !isApart) {
    terminal.print(signedText(map));
  } else {
    const what = "Name either --key, or both --public-key and --signature.";
    throw new DsecosError("InvalidArgument", what);
  }
  return 0;
}
