/**
 * No TPM: a program that signs what a TPM would, with any state that it is told to have. That is
 * what somebody has who copied the state of a software TPM, and what the tests of tampering need;
 * what is real is tested with swtpm.
 */
import { createECDH, createPrivateKey, hash, type KeyObject, sign } from "node:crypto";
import { credentialBlob } from "../../agent/tpm/credential.ts";

export interface FakeTpmState {
  seed: string;
  counter: number;
  clock: number;
  resetCount: number;
}

const sha256 = (bytes: Buffer) => hash("sha256", bytes, "buffer");
const u16 = (value: number) => Buffer.of(value >> 8, value & 255);
const u32 = (value: number) => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const u64 = (value: number) => Buffer.concat([u32(Math.floor(value / 2 ** 32)), u32(value >>> 0)]);
const sized = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);

const counterIndex = 0x01800001;
/** TPMS_NV_PUBLIC of a counter that was written. */
const counterArea = Buffer.concat([
  u32(counterIndex),
  Buffer.from("000b220600140000" + "0008", "hex"),
]);
const pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 14];
const selection = Buffer.from("00000001000b03ff4000", "hex");

export class FakeTpm {
  readonly #state: FakeTpmState;
  readonly #key: KeyObject;
  readonly #akPublic: Buffer;
  readonly #ekPublic: Buffer;

  constructor(state: FakeTpmState) {
    this.#state = { ...state };
    const ak = keyPair(`${state.seed} ak`);
    this.#key = ak.key;
    // ECC, SHA-256, fixedTPM fixedParent sensitiveDataOrigin userWithAuth restricted sign, ECDSA.
    this.#akPublic = Buffer.concat([
      Buffer.from("0023000b000500720000" + "0010" + "0018000b" + "0003" + "0010", "hex"),
      ...ak.point.map(sized),
    ]);
    // A restricted decryption key with AES-128-CFB.
    const ek = keyPair(`${state.seed} ek`);
    this.#ekPublic = Buffer.concat([
      Buffer.from("0023000b000300b20000" + "000600800043" + "0010" + "0003" + "0010", "hex"),
      ...ek.point.map(sized),
    ]);
  }

  get #akName(): Buffer {
    return Buffer.concat([u16(0x0b), sha256(this.#akPublic)]);
  }

  get name(): string {
    return this.#akName.toString("hex");
  }

  #facts() {
    const [seed, secret] = [sha256(Buffer.from("seed")), sha256(Buffer.from("secret"))];
    const blob = credentialBlob(this.#ekPublic, seed, secret, this.#akName);
    const base64 = (bytes: Buffer) => bytes.toString("base64");
    return {
      akPublic: base64(this.#akPublic),
      ekPublic: base64(this.#ekPublic),
      ekCertificates: [],
      counterIndex,
      counterName: this.#counterName.toString("hex"),
      manufacturer: "TEST",
      software: true,
      activation: {
        blob: base64(blob),
        ephemeral: base64(Buffer.alloc(4)),
        secret: base64(secret),
        seed: base64(seed),
      },
    };
  }

  enrolment(from: number) {
    return { ...this.#facts(), from };
  }

  /** Details of the event of the enrolment. */
  details(jcs: (value: unknown) => string) {
    const enrolment = sha256(Buffer.from(jcs(this.#facts()))).toString("hex");
    return { ak: this.name, enrolment, manufacturer: "TEST", software: true };
  }

  get #counterName(): Buffer {
    return Buffer.concat([u16(0x0b), sha256(counterArea)]);
  }

  /** Raises the counter, and signs it and the registers beside a checkpoint's text. */
  certify(text: string) {
    this.#state.counter += 1;
    const nv = [sized(this.#counterName), u16(0), sized(u64(this.#state.counter))];
    const values = pcrs.map((pcr) => sha256(Buffer.from(`pcr ${pcr}`)));
    const quoted = [selection, sized(sha256(Buffer.concat(values)))];
    return {
      ak: this.name,
      counter: this.#attest("8014", text, nv),
      quote: this.#attest("8018", text, quoted),
      pcrs: Object.fromEntries(pcrs.map((pcr, i) => [pcr, values[i]?.toString("hex")])),
    };
  }

  #attest(type: string, text: string, attested: Buffer[]) {
    this.#state.clock += 5;
    const path = Buffer.concat([u32(0x4000000b), this.#akName]);
    const signer = Buffer.concat([u16(0x0b), sha256(path)]);
    const { clock, resetCount } = this.#state;
    const attest = Buffer.concat([
      Buffer.from(`ff544347${type}`, "hex"),
      sized(signer),
      sized(sha256(Buffer.from(text))),
      u64(clock),
      u32(resetCount),
      u32(0),
      Buffer.of(1),
      u64(1),
      ...attested,
    ]);
    const signature = sign("sha256", attest, { key: this.#key, dsaEncoding: "ieee-p1363" });
    return { attest: attest.toString("base64"), signature: signature.toString("base64") };
  }
}

function keyPair(seed: string): { key: KeyObject; point: [Buffer, Buffer] } {
  const secret = sha256(Buffer.from(seed));
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const text = (bytes: Buffer) => bytes.toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: text(x), y: text(y), d: text(secret) };
  return { key: createPrivateKey({ key: jwk, format: "jwk" }), point: [x, y] };
}
