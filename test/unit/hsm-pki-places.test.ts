/** Where keys of authorities may begin and work: the tenant's rules hold for them as for all others. */
import { expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import type { Driver } from "../../agent/hsm/driver/types.ts";
import { decide } from "../../agent/hsm/jurisdiction/decide.ts";
import type { Guard, Jurisdiction } from "../../agent/hsm/jurisdiction/guard.ts";
import { createMayLive } from "../../agent/hsm/jurisdiction/live.ts";
import type { KeyRecord } from "../../agent/hsm/keys/record.ts";
import type { Token } from "../../agent/hsm/parts.ts";
import { Signing, type SigningKey } from "../../agent/hsm/pki/signing.ts";
import { RecordingAudit } from "../lib/recording-audit.ts";

const rules = { live: ["UK", "DE"], use: ["UK"] };
const at = "2026-11-01T08:00:00.000Z";

const decision: Jurisdiction["decide"] = async (_tenant, { act, token, key }) =>
  decide({
    ...{ act, rules, tokenRegion: token, keyRegion: key ?? token },
    nodeRegion: "UK",
  });
const require: Jurisdiction["require"] = async (tenant, places) => {
  const decided = await decision(tenant, places);
  if (!decided.allowed) throw new DsecosError("Denied", decided.sentence);
  return decided;
};

/** A token that was declared in one region, and of which the driver file says another by now. */
function tokenOf(declared: string, fileSays: string) {
  const asked: string[] = [];
  const driver = {
    name: "softhsm",
    sign: async () => {
      asked.push("sign");
      return Buffer.alloc(96);
    },
  } as unknown as Driver;
  const config = { region: fileSays } as Token["config"];
  const place = { id: "softhsm/acme", label: "acme", tenant: "acme", region: declared };
  return { asked, token: { ...place, driver, config } satisfies Token };
}

function keyOf(token: Token): SigningKey {
  const version = { version: 1, createdAt: at, id: "0123456789abcdef0123456789abcdef" };
  const record: KeyRecord = {
    ...{ name: "authority", tenant: "acme", driver: "softhsm", region: token.region },
    ...{ algorithm: "P-384", purpose: "sign", protection: "inToken", state: "active" },
    ...{ createdAt: at, createdBy: "olga", history: [], revision: 1 },
    versions: [{ ...version, fingerprint: "ab" }],
  };
  const [own] = record.versions;
  if (own === undefined) throw new Error("no version");
  return { found: { record, token, frozen: "" }, version: own, algorithm: "P-384" };
}

const meter = {
  during: async <T>(_token: Token, work: (reading: string) => Promise<T>) => work(at),
};

test("an authority whose token was moved signs nothing, and its token is not asked", async () => {
  const signing = new Signing({ jurisdiction: { require }, meter });
  const home = tokenOf("UK", "UK");
  await signing.sign(keyOf(home.token), Buffer.from("a"), "certificate");
  expect(home.asked).toEqual(["sign"]);
  for (const place of ["DE", "AE"]) {
    const moved = tokenOf("UK", place);
    const made = signing.sign(keyOf(moved.token), Buffer.from("a"), "certificate");
    await expect(made).rejects.toMatchObject({ code: "Denied" });
    expect(moved.asked).toEqual([]);
  }
});

test("no key begins in a token that was moved, although the rules name both places", async () => {
  const pinned: string[] = [];
  const pin = async (tenant: string) => {
    pinned.push(tenant);
    return rules;
  };
  const audit = new RecordingAudit();
  const mayLive = createMayLive({ guard: { require, pin } as unknown as Guard, audit });
  await expect(mayLive("acme", tokenOf("UK", "DE").token)).rejects.toMatchObject({
    code: "Denied",
    message: expect.stringMatching(/was made in UK.*says DE/),
  });
  expect(pinned).toEqual([]);
  expect(await mayLive("acme", tokenOf("DE", "DE").token)).toBe("create.inside");
  // With the first key, whosever it is for, rules stop following the tenant's record.
  expect(pinned).toEqual(["acme"]);
  expect(audit.entries).toMatchObject([{ action: "hsm.PinRules", details: { rules } }]);
});
