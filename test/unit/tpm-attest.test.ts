import { hash, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkEnrolled, checkTpm, type TpmSeal } from "../../agent/tpm/attest.ts";
import { objectAttribute } from "../../agent/tpm/constants.ts";
import { TpmError } from "../../agent/tpm/errors.ts";
import {
  type Enrolment,
  enrolmentDetails,
  parseEnrolment,
  type SealTpm,
} from "../../agent/tpm/evidence.ts";
import { counterName, pcrSelection, quotedPcrs } from "../../agent/tpm/structures.ts";
import { ForgedTpm, rightAttributes } from "../lib/forged-tpm.ts";
// Recorded from swtpm 0.7.1.
import recorded from "../lib/tpm-seals.json" with { type: "json" };

const enrolment = recorded.enrolment as Enrolment;
const seals = recorded.seals as TpmSeal[];
const roots = [new X509Certificate(recorded.issuer)];

/** Codes of what makes the log bad, once each. */
const errors = (of: Enrolment[], by: TpmSeal[], trusted = roots) => [
  ...new Set(
    checkTpm(of, by, trusted)
      .filter(({ severity }) => severity === "E")
      .map(({ code, seal }) => (seal === undefined ? code : `${code} ${seal}`)),
  ),
];

describe("seals of a TPM", () => {
  it("are accepted as they were made, and what a lone node cannot show is told", () => {
    expect(checkTpm([enrolment], seals, roots)).toMatchObject([
      { code: "tpm.self", severity: "W" },
      { code: "tpm.software", severity: "W" },
    ]);
    expect(checkTpm([enrolment], seals, [])).toMatchObject([
      { code: "tpm.ek", severity: "W" },
      { code: "tpm.self", severity: "W" },
      { code: "tpm.software", severity: "W" },
    ]);
  });

  it("lose nothing by one that is missing", () => {
    expect(
      errors(
        [enrolment],
        [0, 2].map((i) => seals[i] as TpmSeal),
      ),
    ).toEqual([]);
  });

  it.each(["counter", "quote"] as const)("no changed byte of the %s passes", (part) => {
    const [, second] = seals as [TpmSeal, TpmSeal];
    for (const field of ["attest", "signature"] as const) {
      const bytes = Buffer.from(second.tpm[part][field], "base64");
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        const tpm = {
          ...second.tpm,
          [part]: { ...second.tpm[part], [field]: changed.toString("base64") },
        };
        const found = errors([enrolment], [{ ...second, tpm }]);
        expect(found, `${field} ${at}`).toHaveLength(1);
        expect(found[0]).toMatch(/^tpm\.(form|signature) 2$/);
      }
    }
  });

  it("no changed register, checkpoint or name passes", () => {
    const [, second] = seals as [TpmSeal, TpmSeal];
    const with_ = (tpm: Partial<SealTpm>) => [{ ...second, tpm: { ...second.tpm, ...tpm } }];
    for (const pcr of quotedPcrs) {
      const pcrs: SealTpm["pcrs"] = { ...second.tpm.pcrs, [pcr]: "ab".repeat(32) };
      expect(errors([enrolment], with_({ pcrs }))).toEqual(["tpm.pcr 2"]);
      delete pcrs[pcr];
      expect(errors([enrolment], with_({ pcrs }))).toEqual(["tpm.pcr 2"]);
    }
    const more = { ...second.tpm.pcrs, 8: "00".repeat(32) };
    expect(errors([enrolment], with_({ pcrs: more }))).toEqual(["tpm.pcr 2"]);
    const checkpointText = second.checkpointText.replace("20", "21");
    expect(errors([enrolment], [{ ...second, checkpointText }])).toEqual(["tpm.binding 2"]);
    expect(errors([enrolment], with_({ ak: "000b" }))).toEqual(["tpm.ak 2"]);
    expect(errors([], [second])).toEqual(["tpm.ak 2"]);
  });

  it("are not accepted again, in another order, or mixed", () => {
    const [first, second, third] = seals as [TpmSeal, TpmSeal, TpmSeal];
    expect(errors([enrolment], [first, second, first])).toEqual(["tpm.clock 1", "tpm.counter 1"]);
    expect(errors([enrolment], [second, first, third])).toEqual(["tpm.clock 1", "tpm.counter 1"]);
    const replayed = { ...third, tpm: first.tpm };
    expect(errors([enrolment], [first, second, replayed])).toEqual([
      "tpm.binding 3",
      "tpm.clock 3",
      "tpm.counter 3",
    ]);
    const mixed = { ...third, tpm: { ...third.tpm, quote: first.tpm.quote } };
    expect(errors([enrolment], [first, second, mixed])).toEqual(["tpm.binding 3", "tpm.clock 3"]);
    const swapped = { ...first.tpm, counter: first.tpm.quote, quote: first.tpm.counter };
    expect(errors([enrolment], [{ ...first, tpm: swapped }])).toEqual([
      "tpm.form 1",
      "tpm.clock 1",
    ]);
  });
});

describe("an enrolment", () => {
  const other = new ForgedTpm().enrolment;

  it.each([
    ["another key", { akPublic: other.akPublic }, ["tpm.ak", "tpm.signature 1"]],
    ["another name", { name: other.name }, ["tpm.ak", "tpm.ak 1"]],
    ["another endorsement key", { ekPublic: other.ekPublic }, ["tpm.ak", "tpm.ek"]],
    ["no certificate", { ekCertificates: [] }, ["tpm.ek"]],
    ["a certificate that is none", { ekCertificates: ["AAAA"] }, ["tpm.ek"]],
    ["another counter", { counterIndex: 0x0180d5e1 }, ["tpm.counter"]],
    ["another name of the counter", { counterName: "000b" }, ["tpm.counter", "tpm.counter 1"]],
    ["no key at all", { akPublic: "AAAA" }, ["tpm.form"]],
    [
      "another activation",
      { activation: { ...enrolment.activation, secret: other.activation.secret } },
      ["tpm.ak"],
    ],
  ])("with %s is told", (_what, change, expected) => {
    const [first] = seals as [TpmSeal];
    expect(errors([{ ...enrolment, ...change }], [first])).toEqual(expected);
  });

  it("must be the one that its event tells of", () => {
    const event = { action: "audit.TpmEnrolled", details: enrolmentDetails(enrolment) };
    expect(checkEnrolled(enrolment, event)).toEqual([]);
    expect(checkEnrolled(enrolment, undefined)).toMatchObject([{ code: "tpm.ak", severity: "E" }]);
    const wrong = { ...event, action: "audit.TpmForgotten" };
    expect(checkEnrolled(enrolment, wrong)).toHaveLength(1);
    const changes: Partial<Enrolment>[] = [
      ...Object.keys(enrolment.activation).map((name) => ({
        activation: { ...enrolment.activation, [name]: "AAAA" },
      })),
      ...[{ name: "00" }, { akPublic: "AAAA" }, { ekPublic: "AAAA" }, { ekCertificates: [] }],
      ...[{ counterIndex: 1 }, { counterName: "00" }, { manufacturer: "X" }, { software: false }],
    ];
    for (const change of changes)
      expect(
        checkEnrolled({ ...enrolment, ...change }, event),
        JSON.stringify(change),
      ).toHaveLength(1);
  });

  it("is read only in its own form", () => {
    const { name, ...file } = enrolment;
    expect(parseEnrolment(name, JSON.stringify(file))).toEqual(enrolment);
    expect(() => parseEnrolment(name, "{")).toThrow("is not JSON");
    const padded = { ...file, akPublic: `${file.akPublic}=` };
    expect(() => parseEnrolment(name, JSON.stringify(padded))).toThrow("wrong akPublic");
    expect(() => parseEnrolment(name, JSON.stringify({ ...file, more: 1 }))).toThrow("more");
  });
});

describe("what a TPM's key signed", () => {
  const forged = new ForgedTpm();
  const first = { text: "one\n", counter: 5n };
  const second = { text: "two\n", counter: 6n };
  const told = (...claims: Parameters<ForgedTpm["seal"]>[1][]) =>
    errors(
      [forged.enrolment],
      claims.map((claim, i) => forged.seal(i + 1, claim)),
      [],
    );

  it.each([
    ["nothing wrong", {}, []],
    ["a reset", { resetCount: 4, restartCount: 0 }, []],
    ["the same counter", { counter: 5n, clock: 9000n }, ["tpm.counter 2"]],
    ["a counter that fell", { counter: 4n, clock: 9000n }, ["tpm.counter 2"]],
    ["another index", { indexName: counterName(1) }, ["tpm.counter 2"]],
    ["a part of the counter", { contents: Buffer.alloc(7, 1) }, ["tpm.counter 2"]],
    ["an offset", { offset: 1 }, ["tpm.counter 2"]],
    ["a clock that fell", { clock: 4999n }, ["tpm.clock 2"]],
    ["a clock that stood still", { clock: 5000n }, []],
    ["resets that fell", { resetCount: 2 }, ["tpm.clock 2"]],
    ["restarts that fell", { restartCount: 0 }, ["tpm.clock 2"]],
    ["a clock that is not safe", { safe: false }, ["tpm.clock 2"]],
    ["another signer", { signer: Buffer.alloc(34) }, ["tpm.ak 2"]],
    ["other data", { extraData: hash("sha256", "one\n", "buffer") }, ["tpm.binding 2"]],
    ["other registers", { selection: pcrSelection([0, 1, 2, 3]) }, ["tpm.pcr 2"]],
    ["no registers", { selection: Buffer.alloc(4) }, ["tpm.pcr 2"]],
    [
      "bytes too many",
      { selection: Buffer.concat([pcrSelection(), Buffer.of(0)]) },
      ["tpm.form 2"],
    ],
  ])("with %s", (_what, change, expected) => {
    expect(told(first, { ...second, ...change })).toEqual(expected);
  });

  it.each([
    ["fixedTPM", objectAttribute.fixedTpm],
    ["fixedParent", objectAttribute.fixedParent],
    ["restricted", objectAttribute.restricted],
    ["sign", objectAttribute.sign],
  ])("counts for nothing without %s", (_name, bit) => {
    const weak = new ForgedTpm(rightAttributes & ~bit);
    expect(errors([weak.enrolment], [weak.seal(1, first)], [])).toEqual(["tpm.ak"]);
  });

  it("counts for nothing with a key that decrypts too", () => {
    const weak = new ForgedTpm(rightAttributes | objectAttribute.decrypt);
    expect(errors([weak.enrolment], [weak.seal(1, first)], [])).toEqual(["tpm.ak"]);
  });

  it("stands for each key by itself", () => {
    const other = new ForgedTpm();
    const mixed = [
      forged.seal(1, second),
      other.seal(2, first),
      forged.seal(3, { text: "x", counter: 7n }),
    ];
    expect(errors([forged.enrolment, other.enrolment], mixed, [])).toEqual([]);
  });
});

describe("what a TPM refuses", () => {
  it.each([
    [0x9a2, "Authorisation 1 of Quote was refused: its password is wrong (code 0x9a2)."],
    [0x18b, "Handle 1 of Quote does not exist in the TPM (code 0x18b)."],
    [0x2c4, "Parameter 2 of Quote has a value that the TPM does not accept (code 0x2c4)."],
    [
      0x921,
      "The TPM is locked after wrong passwords; see tpm2_dictionarylockout(1) (Quote, code 0x921).",
    ],
    [0x14b, "The TPM has no room for another index (Quote, code 0x14b)."],
    [0x555, "The TPM refused Quote (code 0x555)."],
    [0x8f, "The TPM refused Quote (code 0x8f)."],
  ])("is told in a sentence: %i", (code, sentence) => {
    expect(new TpmError("Quote", code).message).toBe(sentence);
  });
});
