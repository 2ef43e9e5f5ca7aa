/** Words and colours for what the contract names by keys. */
import type { Algorithm, Protection, Purpose } from "../../../agent/hsm/algorithms.ts";
import type { KeyState } from "../../../agent/hsm/keys/record.ts";
import { _ } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const keyColors: Record<KeyState, TagColor> = {
  "pre-active": "blue",
  active: "green",
  suspended: "orange",
  deactivated: "grey",
  compromised: "red",
  destroyed: "grey",
};

export function keyStateName(state: KeyState): string {
  const names = {
    "pre-active": _("not active yet"),
    active: _("active"),
    suspended: _("suspended"),
    deactivated: _("deactivated"),
    compromised: _("compromised"),
    destroyed: _("destroyed"),
  };
  return names[state];
}

/** What a key in this state may still be used for. */
export function keyStateMeans(state: KeyState): string {
  const means = {
    "pre-active": _("It was made and may not be used yet."),
    active: _("It may be used for all that its algorithm does."),
    suspended: _(
      "It protects nothing new until it is resumed; what it signed or encrypted before can still be verified and decrypted.",
    ),
    deactivated: _(
      "It protects nothing new any more; what it signed or encrypted before can still be verified and decrypted.",
    ),
    compromised: _(
      "Somebody else may have it. It protects nothing new any more; what it signed or encrypted can still be verified and decrypted, and must be doubted.",
    ),
    destroyed: _("Its key material is gone, and what it encrypted with it. Its history is kept."),
  };
  return means[state];
}

export function protectionName(protection: Protection): string {
  const names = {
    inToken: _("in the token"),
    sealed: _("sealed: protected at rest, not in use"),
    both: _("one half in the token, one sealed"),
  };
  return names[protection];
}

export function protectionMeans(protection: Protection): string {
  const means = {
    inToken: _("The private key was made in the token and never leaves it."),
    sealed: _(
      "The token has no such mechanism, so the seed of the private key is encrypted under an AES key of the token. It is protected at rest; while the key is used, the seed is in the memory of the driver’s process.",
    ),
    both: _(
      "The P-384 half never leaves the token. The post-quantum half is protected at rest alone: while it is used, its seed is in the memory of the driver’s process. Both halves are needed.",
    ),
  };
  return means[protection];
}

export function purposeName(purpose: Purpose): string {
  const names = {
    encrypt: _("encrypts"),
    sign: _("signs"),
    envelope: _("receives envelopes"),
  };
  return names[purpose];
}

/** Names of standards are the same in every language; only pairs are written out. */
export function algorithmName(algorithm: Algorithm): string {
  if (algorithm === "MLDSA65-P384") return "ML-DSA-65 + P-384";
  return algorithm === "MLKEM768-P384" ? "ML-KEM-768 + P-384" : algorithm;
}

/** For somebody who has to choose one and is no cryptographer. */
export function algorithmHint(algorithm: Algorithm): string {
  const hints: Record<Algorithm, string> = {
    "AES-256": _(
      "Encrypts and decrypts, and wraps keys for data. Whoever decrypts asks this node. Also safe against quantum computers.",
    ),
    "P-384": _(
      "Signs; widely understood, for certificates too. Not safe against quantum computers.",
    ),
    Ed25519: _("Signs, quickly and briefly. Not safe against quantum computers."),
    "RSA-3072": _(
      "Signs; for old systems that know nothing else. Slow, not safe against quantum computers.",
    ),
    "ML-DSA-65": _(
      "Signs, safe against quantum computers (FIPS 204). Signatures have 3,309 bytes; not everybody can verify them yet.",
    ),
    "ML-KEM-768": _(
      "Receives what others encrypt for it, safe against quantum computers (FIPS 203).",
    ),
    "MLDSA65-P384": _(
      "Signs twice, with ML-DSA-65 and P-384: safe while either of them is. For what must hold for decades.",
    ),
    "MLKEM768-P384": _(
      "Receives what others encrypt for it, with ML-KEM-768 and P-384: safe while either of them is.",
    ),
  };
  return hints[algorithm];
}

/** What the list calls it: the name of the standard, and what it is for. */
export function algorithmLabel(algorithm: Algorithm): string {
  const labels: Record<Algorithm, string> = {
    "AES-256": _("AES-256: encrypt"),
    "P-384": _("P-384: sign"),
    Ed25519: _("Ed25519: sign"),
    "RSA-3072": _("RSA-3072: sign"),
    "ML-DSA-65": _("ML-DSA-65: sign, post-quantum"),
    "ML-KEM-768": _("ML-KEM-768: receive envelopes, post-quantum"),
    "MLDSA65-P384": _("ML-DSA-65 with P-384: sign, hybrid"),
    "MLKEM768-P384": _("ML-KEM-768 with P-384: receive envelopes, hybrid"),
  };
  return labels[algorithm];
}
