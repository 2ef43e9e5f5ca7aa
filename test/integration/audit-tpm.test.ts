/** Direct TPM 2.0 commands against a real software TPM, compared with what tpm2-tools say. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonical } from "../../agent/audit/canonical.ts";
import { checkTpm, type TpmSeal } from "../../agent/tpm/attest.ts";
import { commands, run } from "../../agent/tpm/command.ts";
import { enrol, findKey } from "../../agent/tpm/enrol.ts";
import { type Enrolment, enrolmentDetails, parseEnrolment } from "../../agent/tpm/evidence.ts";
import { evictControl, readPublic } from "../../agent/tpm/keys.ts";
import { incrementCounter, nvPublic, readCounter, readWhole } from "../../agent/tpm/nv.ts";
import { readClock, readMake, readPcrs } from "../../agent/tpm/platform.ts";
import { TpmPort } from "../../agent/tpm/port.ts";
import { signCheckpointByTpm } from "../../agent/tpm/sign.ts";
import { quotedPcrs } from "../../agent/tpm/structures.ts";
import { createSwtpm, type SoftTpm } from "../lib/swtpm.ts";
import { startTpmProxy } from "../lib/tpm-proxy.ts";

const password = randomBytes(32);

async function enrolled(tpm: SoftTpm): Promise<{ port: TpmPort; enrolment: Enrolment }> {
  const port = new TpmPort(tpm.socket);
  const { enrolment } = await port.use((transport) => enrol(transport, password, new Set()));
  return { port, enrolment: { ...enrolment, from: 0 } };
}

async function sealBy(
  port: TpmPort,
  enrolment: Enrolment,
  line: number,
  checkpointText = `origin\n${line}\nroot\n`,
): Promise<TpmSeal> {
  const tpm = await port.use(async (transport) => {
    const ak = (await findKey(transport, enrolment.name)) ?? 0;
    const request = { enrolment, ak, password, checkpointText, increment: true };
    return await signCheckpointByTpm(transport, request);
  });
  return { line, checkpointText, tpm };
}

const codes = (findings: { code: string; severity: string }[]) =>
  findings.map(({ code, severity }) => `${severity} ${code}`);
const selfMade = ["W tpm.self", "W tpm.software"];

describe("one TPM", () => {
  let tpm: SoftTpm;
  let port: TpmPort;
  let enrolment: Enrolment;
  let roots: X509Certificate[];

  beforeAll(async () => {
    tpm = await createSwtpm();
    ({ port, enrolment } = await enrolled(tpm));
    roots = [new X509Certificate(tpm.issuer)];
  });
  afterAll(() => tpm.remove());

  it("tells its make, its time and its registers as tpm2-tools read them", async () => {
    const make = await port.use(readMake);
    const fixed = await tpm.tool("tpm2_getcap", "properties-fixed");
    expect(make).toMatchObject({ manufacturer: "IBM", model: "SW   TPM", software: true });
    expect(fixed).toMatch(/TPM2_PT_MANUFACTURER:\n\s+raw: 0x49424D00/);
    const [high = 0, low = 0] = make.firmware.split(".").map(Number);
    expect(fixed).toContain(
      `TPM2_PT_FIRMWARE_VERSION_1:\n  raw: 0x${((high << 16) | low).toString(16).toUpperCase()}`,
    );

    const before = await port.use(readClock);
    const time = await tpm.tool("tpm2_readclock");
    const after = await port.use(readClock);
    const clock = BigInt(/clock: (\d+)/.exec(time)?.[1] ?? "");
    expect(before.clock <= clock && clock <= after.clock).toBe(true);
    expect(time).toContain(`reset_count: ${before.resetCount}`);
    expect(time).toContain(`restart_count: ${before.restartCount}`);
    expect(time).toContain(`safe: ${before.safe ? "yes" : "no"}`);

    await tpm.tool("tpm2_pcrextend", `14:sha256=${"ab".repeat(32)}`);
    const pcrs = [...quotedPcrs, 23];
    const values = await port.use((transport) => readPcrs(transport, pcrs));
    const file = join(tpm.directory, "pcrs");
    await tpm.tool("tpm2_pcrread", `sha256:${pcrs.join(",")}`, "-o", file);
    expect(Buffer.concat(pcrs.map((pcr) => values.get(pcr) ?? Buffer.alloc(0)))).toEqual(
      readFileSync(file),
    );
    expect(values.get(14)).not.toEqual(Buffer.alloc(32));
  });

  it("has the key and the counter where tpm2-tools find them, and nothing left in its slots", async () => {
    const handle = (await port.use((transport) => findKey(transport, enrolment.name))) ?? 0;
    const file = join(tpm.directory, "public");
    const told = await tpm.tool(
      "tpm2_readpublic",
      "-c",
      `0x${handle.toString(16)}`,
      "-f",
      "tpmt",
      "-o",
      file,
    );
    expect(told).toContain(`name: ${enrolment.name}`);
    expect(told).toContain(
      "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign",
    );
    expect(readFileSync(file).toString("base64")).toBe(enrolment.akPublic);
    const counter = await tpm.tool("tpm2_nvreadpublic", `0x${enrolment.counterIndex.toString(16)}`);
    expect(counter).toContain(`name: ${enrolment.counterName}`);
    // TPM_NT_COUNTER
    expect(counter).toContain("friendly: authwrite|nt=0x1|ownerread|authread|no_da|written");
    expect(await tpm.tool("tpm2_getcap", "handles-transient")).toBe("");
    expect(await tpm.tool("tpm2_getcap", "handles-loaded-session")).toBe("");
  });

  it("counts, and says in a sentence what it refuses", async () => {
    const { counterIndex } = enrolment;
    const read = () => port.use((transport) => readCounter(transport, counterIndex, password));
    const before = (await read()) ?? 0n;
    await port.use((transport) => incrementCounter(transport, counterIndex, password));
    expect(await read()).toBe(before + 1n);
    const wrong = port.use((transport) =>
      incrementCounter(transport, counterIndex, Buffer.from("wrong")),
    );
    await expect(wrong).rejects.toThrow(
      "Authorisation 1 of NV_Increment was refused: its password is wrong (code 0x9a2).",
    );
    // Without no_da, tries like these would lock the TPM.
    for (let i = 0; i < 40; i++) {
      const again = port.use((transport) =>
        incrementCounter(transport, counterIndex, Buffer.from("wrong")),
      );
      await expect(again).rejects.toThrow("password is wrong");
    }
    expect(await read()).toBe(before + 1n);
    expect(await port.use((transport) => nvPublic(transport, 0x0180ffff))).toBeUndefined();
    expect(await port.use((transport) => readWhole(transport, 0x0180ffff))).toBeUndefined();
    expect(await port.use((transport) => readPublic(transport, 0x8100ffff))).toBeUndefined();
    const nothing = port.use((transport) => evictControl(transport, 0x8100ffff, 0x8100ffff));
    await expect(nothing).rejects.toThrow("does not exist in the TPM");
  });

  it("seals what checkTpm accepts", async () => {
    const seals = [await sealBy(port, enrolment, 1), await sealBy(port, enrolment, 2)];
    expect(codes(checkTpm([enrolment], seals, roots))).toEqual(selfMade);
    expect(codes(checkTpm([enrolment], seals, []))).toEqual(["W tpm.ek", ...selfMade]);
    const stranger = new X509Certificate(await selfSigned(tpm.directory));
    expect(codes(checkTpm([enrolment], seals, [stranger]))).toEqual(["E tpm.ek", ...selfMade]);
  });

  it("seals what tpm2_checkquote and openssl accept", async () => {
    const { tpm: seal, checkpointText } = await sealBy(port, enrolment, 3);
    const file = (name: string, bytes: Buffer | string) => {
      writeFileSync(join(tpm.directory, name), bytes);
      return join(tpm.directory, name);
    };
    const handle = (await port.use((transport) => findKey(transport, enrolment.name))) ?? 0;
    const pem = join(tpm.directory, "ak.pem");
    await tpm.tool("tpm2_readpublic", "-c", `0x${handle.toString(16)}`, "-f", "pem", "-o", pem);
    const binding = createHash("sha256").update(checkpointText).digest("hex");
    for (const part of [seal.counter, seal.quote]) {
      const attest = file("attest", Buffer.from(part.attest, "base64"));
      const signature = Buffer.from(part.signature, "base64");
      const der = file("signature.der", ecdsaDer(signature));
      const dgst = ["dgst", "-sha256", "-verify", pem, "-signature", der, attest];
      expect(execFileSync("openssl", dgst, { encoding: "utf8" })).toContain("Verified OK");
    }
    const message = file("quote", Buffer.from(seal.quote.attest, "base64"));
    const signature = file("quote.sig", tpmtSignature(Buffer.from(seal.quote.signature, "base64")));
    const check = ["-u", pem, "-m", message, "-s", signature, "-g", "sha256"];
    await tpm.tool("tpm2_checkquote", ...check, "-q", binding);
    await expect(tpm.tool("tpm2_checkquote", ...check, "-q", "00".repeat(32))).rejects.toThrow();
    const shown = await tpm.tool("tpm2_print", "-t", "TPMS_ATTEST", message);
    expect(shown).toContain(`extraData: ${binding}`);
    expect(shown).toContain("pcrSelect: ff4000");
    const values = Object.entries(seal.pcrs).map(([pcr, value]) => [Number(pcr), value] as const);
    const digest = createHash("sha256");
    for (const [, value] of values.sort(([a], [b]) => a - b)) digest.update(value, "hex");
    expect(shown).toContain(digest.digest("hex"));
  });

  it("is asked by one at a time, and left to others in between", async () => {
    const many = Array.from({ length: 20 }, () => port.use(readClock));
    // swtpm serves one at a time, and turns away whoever comes while another waits.
    const read = () => tpm.tool("tpm2_readclock").catch((error: Error) => error.message);
    await expect.poll(read).toContain("clock:");
    expect((await Promise.all(many)).length).toBe(20);
  });
});

describe("endorsement keys", () => {
  it("are taken on P-256 where there is no certificate", async () => {
    const tpm = await createSwtpm({ certificates: false });
    try {
      const { port, enrolment } = await enrolled(tpm);
      expect(enrolment.ekCertificates).toEqual([]);
      await tpm.tool("tpm2_createek", "-G", "ecc", "-c", "ek.ctx", "-u", "ek.pub", "-f", "tpmt");
      expect(readFileSync(join(tpm.directory, "ek.pub")).toString("base64")).toBe(
        enrolment.ekPublic,
      );
      const seals = [await sealBy(port, enrolment, 1)];
      expect(codes(checkTpm([enrolment], seals, []))).toEqual(["W tpm.ek", ...selfMade]);
    } finally {
      await tpm.remove();
    }
  });

  it("are taken with the certificate that fits: RSA, then P-256 with its issuers", async () => {
    const tpm = await createSwtpm();
    try {
      await tpm.tool("tpm2_nvundefine", "-C", "p", "0x1c00016");
      const { port, enrolment } = await enrolled(tpm);
      const issuer = new X509Certificate(tpm.issuer);
      const seals = [await sealBy(port, enrolment, 1)];
      expect(Buffer.from(enrolment.ekPublic, "base64").readUInt16BE(0)).toBe(0x0001);
      expect(codes(checkTpm([enrolment], seals, [issuer]))).toEqual(selfMade);

      await tpm.tool("tpm2_createek", "-G", "ecc", "-c", "ek.ctx", "-u", "ek.pem", "-f", "pem");
      const chain = await manufacturer(tpm.directory, join(tpm.directory, "ek.pem"));
      await putInNv(tpm, 0x1c0000a, chain.ek);
      await putInNv(tpm, 0x1c00100, Buffer.concat([chain.issuer, Buffer.alloc(7)]));
      const port2 = new TpmPort(tpm.socket);
      const second = await port2.use((transport) =>
        enrol(transport, password, new Set([enrolment.name])),
      );
      const again = { ...second.enrolment, from: 1 };
      expect(again.ekCertificates).toEqual([
        chain.ek.toString("base64"),
        chain.issuer.toString("base64"),
      ]);
      expect(again.counterIndex).toBe(enrolment.counterIndex);
      const later = [await sealBy(port2, again, 2)];
      const root = new X509Certificate(chain.root);
      expect(codes(checkTpm([again], later, [root]))).toEqual(selfMade);
      expect(
        codes(
          checkTpm([{ ...again, ekCertificates: again.ekCertificates.slice(0, 1) }], later, [root]),
        ),
      ).toEqual(["E tpm.ek", ...selfMade]);
      const foreign = { ...again, ekCertificates: enrolment.ekCertificates };
      expect(codes(checkTpm([foreign], later, [issuer]))).toEqual(["E tpm.ek", ...selfMade]);
      // The first key was removed, the second has its place.
      expect(await port2.use((transport) => findKey(transport, enrolment.name))).toBeUndefined();
    } finally {
      await tpm.remove();
    }
  });
});

describe("a TPM that goes away", () => {
  it.each([
    ["cut", /closed the connection/],
    ["hang", /did not answer within 1 s/],
  ] as const)("is told of when the connection is lost: %s", async (deed, sentence) => {
    const tpm = await createSwtpm({ certificates: false });
    const proxy = await startTpmProxy(tpm.socket, join(tpm.directory, "proxy"));
    try {
      const port = new TpmPort(proxy.socket);
      proxy.after = () => deed;
      const asked = port.use((transport) => run(transport, { name: "ReadClock", timeoutMs: 1000 }));
      await expect(asked).rejects.toThrow(sentence);
      proxy.after = () => "pass";
      expect((await port.use(readClock)).safe).toBe(true);
      expect(proxy.commands).toEqual([commands.ReadClock, commands.ReadClock]);
    } finally {
      await proxy.stop();
      await tpm.remove();
    }
  });

  it("is told of when it is not there, or is no TPM", async () => {
    await expect(new TpmPort("/nonexistent/tpm").use(readClock)).rejects.toThrow("ENOENT");
    await expect(new TpmPort("/etc/passwd").use(readClock)).rejects.toThrow("neither");
    await expect(new TpmPort("/dev/zero").use(readClock)).rejects.toThrow("cannot be read");
  });
});

it("an enrolment in its file is the one that its event tells of", async () => {
  const tpm = await createSwtpm({ certificates: false });
  try {
    const { enrolment } = await enrolled(tpm);
    const { name, ...file } = enrolment;
    const read = parseEnrolment(name, canonical(file));
    expect(read).toEqual(enrolment);
    expect(enrolmentDetails(read)).toEqual(enrolmentDetails({ ...enrolment, from: 99 }));
  } finally {
    await tpm.remove();
  }
});

function ecdsaDer(signature: Buffer): Buffer {
  const integer = (value: Buffer) => {
    let start = 0;
    while (start < value.length - 1 && value[start] === 0) start++;
    const bytes = value.subarray(start);
    const body = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(0x02, body.length), body]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

function tpmtSignature(signature: Buffer): Buffer {
  const sized = Buffer.from([0, 32]);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  return Buffer.concat([Buffer.from([0, 0x18, 0, 0x0b]), sized, r, sized, s]);
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe", timeout: 30_000 });
}

async function selfSigned(directory: string, name = "stranger"): Promise<Buffer> {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.der`)];
  openssl(
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", key, "-out", certificate, "-outform", "DER", "-subj", `/CN=${name}`],
  );
  return readFileSync(certificate);
}

/** A root, an issuer below it, and a certificate of the endorsement key. */
async function manufacturer(directory: string, ek: string) {
  const file = (name: string) => join(directory, name);
  const root = await selfSigned(directory, "root");
  writeFileSync(file("ca.ext"), "basicConstraints=critical,CA:true\n");
  writeFileSync(file("ek.ext"), "basicConstraints=critical,CA:false\nkeyUsage=keyAgreement\n");
  const request = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    ...request,
    "-keyout",
    file("issuer.key"),
    "-out",
    file("issuer.csr"),
    "-subj",
    "/CN=issuer",
  );
  const sign = ["x509", "-req", "-outform", "DER", "-days", "10", "-set_serial"];
  openssl(
    ...[...sign, "2", "-in", file("issuer.csr"), "-CA", file("root.der"), "-CAform", "DER"],
    ...["-CAkey", file("root.key"), "-extfile", file("ca.ext"), "-out", file("issuer.der")],
  );
  openssl(
    ...[...sign, "3", "-in", file("issuer.csr"), "-force_pubkey", ek, "-CA", file("issuer.der")],
    ...["-CAform", "DER", "-CAkey", file("issuer.key"), "-extfile", file("ek.ext")],
    ...["-out", file("ek.der")],
  );
  return { root, issuer: readFileSync(file("issuer.der")), ek: readFileSync(file("ek.der")) };
}

async function putInNv(tpm: SoftTpm, index: number, bytes: Buffer): Promise<void> {
  const handle = `0x${index.toString(16)}`;
  const attributes = "ownerread|ownerwrite|authread|no_da";
  await tpm.tool("tpm2_nvdefine", handle, "-C", "o", "-s", String(bytes.length), "-a", attributes);
  const file = join(tpm.directory, "nv");
  writeFileSync(file, bytes);
  await tpm.tool("tpm2_nvwrite", handle, "-C", "o", "-i", file);
}
