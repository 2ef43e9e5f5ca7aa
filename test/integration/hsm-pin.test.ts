/**
 * A PIN that the TPM does not open any more, with the real systemd-creds and a software TPM. The unit
 * ends with 243/CREDENTIALS then, before anything of the driver runs; its socket stays open.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readSealing } from "../../agent/hsm/drivers/credential.ts";
import { createHsmBed, type HsmBed, newId, until } from "../lib/hsm-driver.ts";
import { createSwtpm, type SoftTpm } from "../lib/swtpm.ts";

const run = promisify(execFile);
const message = Buffer.from("a letter of the agency");

let tpm: SoftTpm;
let bed: HsmBed;
const copy = randomBytes(32);
const id = newId();
beforeAll(async () => {
  tpm = await createSwtpm({ certificates: false });
  await measure("1");
  await seal();
  bed = await createHsmBed({ credential: await unsealed() });
  await bed.driver.createToken("acme");
  await bed.driver.generateKey("acme", id, "P-384");
});
afterAll(async () => {
  await bed?.remove();
  await tpm?.remove();
});

const sealedFile = () => join(tpm.directory, "hsm-pin");
const measure = (what: string) => tpm.tool("tpm2_pcrextend", `7:sha256=${what.padStart(64, "0")}`);

async function creds(...parameters: string[]): Promise<Buffer> {
  const device = `--tpm2-device=swtpm:path=${tpm.socket}`;
  const { stdout } = await run("systemd-creds", [...parameters, "--name=hsm-pin", device], {
    encoding: "buffer",
    timeout: 30_000,
  });
  return stdout;
}

/** Bound to the state of Secure Boot, as the manual says. */
async function seal(): Promise<void> {
  const plain = join(tpm.directory, "copy");
  writeFileSync(plain, copy, { mode: 0o600 });
  await creds("encrypt", "--with-key=tpm2", "--tpm2-pcrs=7", plain, sealedFile());
}

const unsealed = () => creds("decrypt", sealedFile(), "-");

it("is what is said, with the way back; the keys are there when it was put back", async () => {
  const stores = { sealed: [tpm.directory], plain: [] };
  expect(await readSealing(stores, "hsm-pin", "none")).toMatchObject({ seal: "tpm" });
  await measure("2");
  await expect(unsealed()).rejects.toThrow(/policy/i);

  // As with a unit that does not start: the socket takes connections, and nobody serves them.
  bed.keeper.kill("SIGSTOP");
  onTestFinished(() => {
    bed.keeper.kill("SIGCONT");
  });
  const driver = bed.open();
  await until(driver, () => driver.status().state === "failed");
  const { reason } = driver.status();
  expect(reason).toMatch(/^nobody serves its socket: “systemctl status dsecos-hsm@test\.socket/);
  expect(reason).toMatch(/243\/CREDENTIALS, the PIN hsm-pin cannot be opened, .*TPM/);
  expect(reason).toMatch(/keys are whole, and “man dsecos-hsm” says how/);
  const asked = driver.sign("acme", "P-384", { id }, message);
  await expect(asked).rejects.toMatchObject({ kind: "unavailable" });

  // Left behind by what failed; the kernel's resource manager ends it, of which there is none here.
  await tpm.tool("tpm2_flushcontext", "--loaded-session");
  await tpm.tool("tpm2_flushcontext", "--transient-object");
  await seal();
  writeFileSync(join(bed.directory, "credentials", "hsm-pin"), await unsealed());
  await bed.restart();
  await until(driver, () => driver.status().state === "ready");
  expect(await driver.sign("acme", "P-384", { id }, message)).toBeDefined();
  expect((await driver.keys("acme")).map((key) => key.id)).toEqual([id]);
});

it("is said where the driver's process was given none, and no token is asked", async () => {
  const without = await createHsmBed({ credential: null });
  try {
    expect(without.driver.status()).toMatchObject({ state: "ready", pinSource: "none" });
    const made = without.driver.createToken("acme");
    await expect(made).rejects.toMatchObject({ kind: "noPin" });
  } finally {
    await without.remove();
  }
});

it("that is empty or cannot be read is said, and not tried", async () => {
  const given = { pin: { credential: "hsm-pin", form: "given" as const } };
  const empty = createHsmBed({ config: given, credential: Buffer.from("\n") });
  await expect(empty).rejects.toThrow(/credential hsm-pin is empty/);
  const short = createHsmBed({ credential: randomBytes(8) });
  await expect(short).rejects.toThrow(/must have 32 bytes/);
});
