/** Sealing by a real software TPM behind a proxy, in a real directory, by a clock that tests move. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { createSealer } from "../../agent/audit/seal/service.ts";
import type { Sealer } from "../../agent/audit/seal/types.ts";
import { counterOf, sealsOf, tpmErrorsOf, tpmSealsOf } from "./sealed-directory.ts";
import { createSwtpm, type SoftTpm } from "./swtpm.ts";
import { startTpmProxy, type TpmProxy } from "./tpm-proxy.ts";
import { WriterLog } from "./writer-log.ts";

/** Waits for something that takes no timer of the test's clock. */
export async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); ) {
    if (performance.now() > end) throw new Error("it did not happen");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A log and what seals it. */
interface Sealing {
  log: WriterLog;
  sealer: Sealer;
  stop(): Promise<void>;
}

export class SealingBed {
  readonly tpm: SoftTpm;
  /** Between the sealer and the TPM; a test may put another in its place. */
  proxy: TpmProxy;
  /** Of the log. */
  readonly directory: string;
  readonly #running: Sealing[] = [];
  #passedAt = 0;

  private constructor(tpm: SoftTpm, proxy: TpmProxy) {
    this.tpm = tpm;
    this.proxy = proxy;
    this.directory = mkdtempSync(join(tmpdir(), "dsecos-seal-"));
  }

  /** Makes a TPM and an empty directory, and stops the clock. */
  static async create(): Promise<SealingBed> {
    const tpm = await createSwtpm({ certificates: false });
    const proxy = await startTpmProxy(tpm.socket, join(tpm.directory, "proxy"));
    const bed = new SealingBed(tpm, proxy);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    vi.setSystemTime("2026-06-01T00:00:00Z");
    return bed;
  }

  async remove(): Promise<void> {
    for (const one of this.#running.splice(0)) await one.stop();
    vi.useRealTimers();
    await this.proxy.stop();
    await this.tpm.remove();
    rmSync(this.directory, { recursive: true, force: true });
  }

  readonly seals = () => sealsOf(this.directory);
  readonly tpmSeals = () => tpmSealsOf(this.directory);
  readonly counters = () => this.tpmSeals().map(counterOf);
  readonly errors = () => tpmErrorsOf(this.directory);

  /** Opens the log, which is sealed once the sealer starts. */
  open(socket = this.proxy.socket): Sealing {
    const { directory } = this;
    const log = new WriterLog(directory);
    const sealer = createSealer({ log, directory, node: "node1", tpm: socket, journal: () => {} });
    let stopped: Promise<void> | undefined;
    const stop = async () => {
      stopped ??= sealer.stop().then(() => log.close());
      await stopped;
    };
    const one = { log, sealer, stop };
    this.#running.push(one);
    return one;
  }

  /** Begins to seal the log, as an agent does that starts. */
  async start(socket?: string): Promise<Sealing> {
    const one = this.open(socket);
    await one.log.note("agent.start");
    await one.sealer.start();
    return one;
  }

  /** The same, and waits until the TPM has sealed that. */
  async started(): Promise<Sealing> {
    const before = existsSync(join(this.directory, "seals")) ? this.counters().length : 0;
    const one = await this.start();
    await this.passing(() => this.counters().length > before);
    return one;
  }

  /** Appends an event and waits until the TPM has sealed it. */
  async sealedByTpm({ log, sealer }: Sealing): Promise<void> {
    const before = this.counters().length;
    await log.note();
    const sealed = new Promise<void>((resolve) => {
      const end = sealer.onSealed(() => {
        end();
        resolve();
      });
    });
    vi.advanceTimersByTime(5_000);
    await sealed;
    await this.passing(() => this.counters().length > before);
  }

  /** Lets the clock pass until something happens. */
  passing(condition: () => boolean): Promise<void> {
    return until(() => {
      this.#pass();
      return condition();
    });
  }

  /** Only while nobody waits for the TPM: deadlines are of that clock too. */
  #pass(): void {
    if (!this.proxy.idle || performance.now() < this.#passedAt + 50) return;
    this.#passedAt = performance.now();
    vi.advanceTimersByTime(4_000);
  }
}
