/** What blocks sealing by a TPM until two people have agreed to it. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readEnrolments } from "../../agent/audit/seal/enrolments.ts";
import { SealingBed, until } from "../lib/sealing-bed.ts";
import { createSwtpm } from "../lib/swtpm.ts";
import { startTpmProxy } from "../lib/tpm-proxy.ts";

const minute = 60_000;

let bed: SealingBed;

beforeEach(async () => {
  bed = await SealingBed.create();
});

afterEach(() => bed.remove());

const alarm = (text: string) => ({
  state: "alarm",
  text: expect.stringContaining(text),
});

describe("a TPM or a log that is not what it was", () => {
  /** Until two people have agreed, the TPM seals nothing; then it goes on under a new key. */
  async function blockedThenAcknowledged(text: string, trouble: string): Promise<void> {
    const before = bed.counters();
    const one = await bed.start();
    await until(() => one.log.actions().includes("audit.TpmAlarm"));
    expect(one.log.events.at(-1)?.details).toMatchObject({ trouble });
    expect(one.sealer.status().tpm).toEqual({ at: expect.any(String), ...alarm(text) });
    expect(one.sealer.status().alarms).toMatchObject([{ kind: "tpm" }]);
    const sealed = new Promise((resolve) => one.sealer.onSealed(resolve));
    vi.advanceTimersByTime(3 * minute);
    await sealed;
    expect(bed.counters()).toEqual(before);
    await one.sealer.acknowledgeTpm("it was replaced by order");
    await bed.passing(() => bed.counters().length > before.length);
    expect(one.sealer.status().alarms).toEqual([]);
    await expect(one.sealer.acknowledgeTpm("again")).rejects.toMatchObject({ code: "Conflict" });
    await one.stop();
    const enrolments = await readEnrolments(bed.directory);
    expect(enrolments).toHaveLength(2);
    expect(await bed.errors()).toEqual([]);
  }

  it("another TPM", async () => {
    await (await bed.started()).stop();
    const other = await createSwtpm({ certificates: false });
    await bed.proxy.stop();
    bed.proxy = await startTpmProxy(other.socket, join(bed.tpm.directory, "proxy"));
    try {
      await blockedThenAcknowledged("is another one", "replaced");
    } finally {
      await other.remove();
    }
  });

  it("a TPM that was cleared", async () => {
    await (await bed.started()).stop();
    await bed.tpm.tool("tpm2_clear", "-c", "p");
    await blockedThenAcknowledged("was cleared", "cleared");
  });

  it("a TPM whose counter was removed and made again", async () => {
    await (await bed.started()).stop();
    const [enrolment] = await readEnrolments(bed.directory);
    const index = `0x${enrolment?.counterIndex.toString(16)}`;
    await bed.tpm.tool("tpm2_nvundefine", "-C", "o", index);
    await blockedThenAcknowledged("counter for this log is gone", "cleared");
  });

  it("a TPM whose state was set back", async () => {
    const one = await bed.started();
    await bed.tpm.stop();
    bed.tpm.save("copy");
    await bed.tpm.start();
    await bed.sealedByTpm(one);
    await bed.sealedByTpm(one);
    await one.stop();
    await bed.tpm.stop();
    bed.tpm.restore("copy");
    await bed.tpm.start();
    await blockedThenAcknowledged("was set back", "back");
  });

  it("a log whose directory was set back", async () => {
    const one = await bed.started();
    await one.stop();
    const copy = join(bed.tpm.directory, "log-copy");
    cpSync(bed.directory, copy, { recursive: true });
    const two = await bed.started();
    await bed.sealedByTpm(two);
    await bed.sealedByTpm(two);
    await two.stop();
    rmSync(bed.directory, { recursive: true });
    cpSync(copy, bed.directory, { recursive: true });
    await blockedThenAcknowledged("the log is an older copy", "ahead");
  });

  it("a log that was set back by a single seal of an agent that had ended", async () => {
    const one = await bed.started();
    await one.stop();
    const copy = join(bed.tpm.directory, "log-copy");
    cpSync(bed.directory, copy, { recursive: true });
    const count = bed.counters().length;
    const two = await bed.start();
    await two.stop();
    expect(bed.counters().length).toBe(count + 1);
    rmSync(bed.directory, { recursive: true });
    cpSync(copy, bed.directory, { recursive: true });
    // What had happened since is gone: here the start of the agent, and its end.
    const { log, sealer } = bed.open();
    await sealer.start();
    await until(() => log.actions().includes("audit.TpmAlarm"));
    expect(log.events.at(-1)?.details).toMatchObject({ trouble: "ahead" });
  });

  it("a log without the file of its enrolment", async () => {
    await (await bed.started()).stop();
    rmSync(join(bed.directory, "tpm"), { recursive: true });
    const one = await bed.start();
    await until(() => one.log.actions().includes("audit.TpmAlarm"));
    expect(one.sealer.status().tpm).toMatchObject(alarm("tpm/"));
  });

  it("a log without the password of its counter", async () => {
    await (await bed.started()).stop();
    rmSync(join(bed.directory, "key/tpm-counter"));
    await blockedThenAcknowledged("password", "password");
  });
});
