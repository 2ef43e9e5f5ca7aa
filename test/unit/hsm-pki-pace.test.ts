/** Who may only look must not fill the audit log, nor keep an authority's key busy. */
import { afterAll, expect, test } from "vitest";
import type { PkiParts } from "../../agent/hsm/pki/parts.ts";
import { createCertificates } from "../../agent/hsm/pki/service.ts";
import { OpensslBed } from "../lib/pki.ts";
import { fakeCall } from "../lib/pki-bed.ts";

const ssl = new OpensslBed();
afterAll(() => ssl.close());

test("one person gets 600 answers of OCSP in a minute, and then hears to try later", async () => {
  let clock = Date.parse("2026-11-22T12:00:00.000Z");
  let looked = 0;
  const every = async () => {
    looked += 1;
    return [];
  };
  // There is no authority: whoever is let through hears so.
  const parts = { tokens: { every }, records: {}, now: () => clock } as unknown as PkiParts;
  const { Ocsp } = createCertificates(parts).handlers;
  const by = (uid: number) => {
    const call = fakeCall("Ocsp");
    return Ocsp({ ...call, caller: { ...call.caller, uid } }, "acme", "AAAA");
  };
  for (let i = 0; i < 600; i++) await expect(by(1000)).rejects.toMatchObject({ code: "NotFound" });
  const answer = await by(1000);
  expect(looked).toBe(600);
  ssl.write("later.der", Buffer.from(answer, "base64"));
  expect(ssl.fails("ocsp", "-respin", "later.der")).toContain("trylater (3)");
  await expect(by(1001)).rejects.toMatchObject({ code: "NotFound" });
  clock += 60_000;
  await expect(by(1000)).rejects.toMatchObject({ code: "NotFound" });
});
