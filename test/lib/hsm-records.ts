/** Records of keys for tests. */
import type { KeyRecord } from "../../agent/hsm/keys/record.ts";

export function keyRecord(changes: Partial<KeyRecord> = {}): KeyRecord {
  const at = "2026-11-01T00:00:00.000Z";
  return {
    ...{ name: "documents", tenant: "defense", driver: "fake", region: "UK" },
    ...{ algorithm: "P-384", purpose: "sign", protection: "inToken", state: "active" },
    ...{ createdAt: at, createdBy: "officer", revision: 1 },
    versions: [{ version: 1, createdAt: at, id: "0".repeat(32), fingerprint: "0".repeat(64) }],
    history: [{ at, by: "officer", state: "active", why: "created" }],
    ...changes,
  };
}
