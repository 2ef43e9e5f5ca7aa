/**
 * Hybrid signatures and envelopes through the driver's process, with the P-384 half in SoftHSM and the
 * other sealed under it: CPU time of all processes, against the post-quantum half alone by the same
 * library in one process. That library is JavaScript: beside OpenSSL's ML-DSA in assembler it is an
 * order of magnitude slower, which the last result shows.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { PrivateParts } from "../../../agent/hsm/driver/types.ts";
import { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "../../../agent/hsm/pq/ml-dsa.ts";
import {
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemPublicKey,
} from "../../../agent/hsm/pq/ml-kem.ts";
import { debianOpenssl } from "../../lib/debian-openssl.ts";
import { createHsmBed, type HsmBed, newId } from "../../lib/hsm-driver.ts";
import { median, type Result, ratioAtLeast } from "../case.ts";

const rounds = 5;
const inFlight = 4;
const token = "bench";
const message = Buffer.from("a message of the length that most have, which is not much");

export async function run(): Promise<Result[]> {
  const bed = await createHsmBed();
  try {
    const ours = await oursOf(bed);
    const alone = await aloneOf();
    const sign = await beside(bed, 120, ours.sign, alone.sign);
    const verify = await beside(bed, 200, ours.verify, alone.verify);
    const open = await beside(bed, 200, ours.open, alone.open);
    const unit = "/CPU-s";
    return [
      ratioAtLeast("hsm-hybrid-sign", unit, sign.ours, sign.reference, 0.7),
      ratioAtLeast("hsm-hybrid-verify", unit, verify.ours, verify.reference, 0.4),
      ratioAtLeast("hsm-hybrid-open", unit, open.ours, open.reference, 0.25),
      ratioAtLeast("hsm-hybrid-sign-openssl", unit, sign.ours, await opensslSigns(), 0.03),
    ];
  } finally {
    await bed.remove();
  }
}

type Work = () => Promise<unknown>;

/** Through the driver: a hybrid signature, its check, and an envelope opened. */
async function oursOf({ driver }: HsmBed) {
  await driver.createToken(token);
  const seal = { id: newId(), aad: Buffer.from("seed") };
  await driver.generateKey(token, seal.id, "AES-256");
  const keyOf = async (half: "ML-DSA-65" | "ML-KEM-768") => {
    const id = newId();
    const made =
      half === "ML-DSA-65"
        ? await driver.generateKey(token, id, "P-384")
        : await driver.generateAgreementKey(token, id);
    const { publicKey, blob } = await driver.generateSealed(token, half, seal);
    const parts: PrivateParts = { id, sealed: { seal, blob } };
    return { parts, publicParts: { spki: made.spki, pq: publicKey } };
  };
  const signing = await keyOf("ML-DSA-65");
  const opening = await keyOf("ML-KEM-768");
  const signature = await driver.sign(token, "MLDSA65-P384", signing.parts, message);
  const aad = Buffer.from("bound");
  const envelope = await driver.sealEnvelope("MLKEM768-P384", opening.publicParts, message, aad);
  const { parts, publicParts } = opening;
  return {
    sign: () => driver.sign(token, "MLDSA65-P384", signing.parts, message),
    verify: () => driver.verify("MLDSA65-P384", signing.publicParts, message, signature),
    open: () => driver.openEnvelope(token, "MLKEM768-P384", parts, publicParts, envelope, aad),
  };
}

/** The post-quantum half alone, from its seed and without a token. */
async function aloneOf() {
  const seed = randomBytes(32);
  const publicKey = await mlDsaPublicKey(seed);
  const signature = await mlDsaSign(seed, message, randomBytes(32));
  const kemSeed = randomBytes(64);
  const { ciphertext } = await mlKemEncapsulate(await mlKemPublicKey(kemSeed));
  return {
    sign: () => mlDsaSign(seed, message, randomBytes(32)),
    verify: () => mlDsaVerify(publicKey, message, signature),
    open: () => mlKemDecapsulate(kemSeed, ciphertext),
  };
}

/** Both in turns, since the machine is not always as fast. */
async function beside({ keeper }: HsmBed, count: number, ours: Work, reference: Work) {
  const host = hostOf(keeper.pid);
  await rate(count, ours, host);
  await rate(count, reference, undefined);
  const rates = { ours: [] as number[], reference: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.ours.push(await rate(count, ours, host));
    rates.reference.push(await rate(count, reference, undefined));
  }
  return { ours: median(rates.ours), reference: median(rates.reference) };
}

/** @returns how often a second of CPU time, of this process and of the other. */
async function rate(count: number, work: Work, other: number | undefined): Promise<number> {
  const before = cpuSeconds(other);
  let begun = 0;
  const one = async () => {
    while (begun < count) {
      begun += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return count / (cpuSeconds(other) - before);
}

function cpuSeconds(other: number | undefined): number {
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1e6;
  if (other === undefined) return own;
  const stat = readFileSync(`/proc/${other}/stat`, "utf8");
  // After the name, which may have blanks: state is field 3, user and system time are 14 and 15, in 1/100 s.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return own + (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The process that loads the module: the only child of its keeper. */
function hostOf(keeper: number | undefined): number {
  const children = readdirSync(`/proc/${keeper}/task`).flatMap((task) =>
    readFileSync(`/proc/${keeper}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  const [host, more] = children;
  if (host === undefined || more !== undefined) {
    throw new Error(`the keeper has the children ${children.join(", ")}, not one`);
  }
  return Number(host);
}

/** What OpenSSL 3.5 measures of itself, in signatures of ML-DSA-65 per second of CPU time. */
async function opensslSigns(): Promise<number> {
  const openssl = await debianOpenssl();
  try {
    const said = await openssl.run(["speed", "-seconds", "2", "-mr", "ML-DSA-65"]);
    const rates = /^\+F\d+:\d+:[\d.]+:([\d.]+):[\d.]+$/m.exec(said.toString("utf8"));
    if (rates === null) throw new Error(`openssl speed says ${said}`);
    return Number(rates[1]);
  } finally {
    openssl.end();
  }
}
