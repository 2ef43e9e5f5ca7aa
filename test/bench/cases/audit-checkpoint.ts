/**
 * What a checkpoint costs that the TPM certifies, from the log's head to the lines on the disk:
 * against the same by the programs of tpm2-tools, rounds taking turns.
 */
import { hash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assess } from "../../../agent/audit/seal/assess.ts";
import { Checkpoints } from "../../../agent/audit/seal/checkpoints.ts";
import { checkTpm } from "../../../agent/tpm/attest.ts";
import { enrol, findKey } from "../../../agent/tpm/enrol.ts";
import { TpmPort } from "../../../agent/tpm/port.ts";
import { signCheckpointByTpm } from "../../../agent/tpm/sign.ts";
import { createSwtpm } from "../../lib/swtpm.ts";
import { WriterLog } from "../../lib/writer-log.ts";
import { atMost, median, type Result } from "../case.ts";

const rounds = 30;
const most = 10;

export async function run(): Promise<Result[]> {
  const tpm = await createSwtpm({ certificates: false });
  const directory = mkdtempSync(join(tmpdir(), "dsecos-checkpoint-"));
  const log = new WriterLog(directory);
  const checkpoints = new Checkpoints(log, directory, "node1");
  try {
    await checkpoints.open();
    const port = new TpmPort(tpm.socket);
    const password = randomBytes(32);
    const enrolled = await port.use((transport) => enrol(transport, password, new Set()));
    const enrolment = { ...enrolled.enrolment, from: 0 };
    const handle = (await port.use((transport) => findKey(transport, enrolment.name))) ?? 0;

    const ours = async () => {
      const sealed = await checkpoints.seal();
      if (sealed === undefined) throw new Error("there was nothing to seal");
      const tpmPart = await port.use(async (transport) => {
        const found = await assess(transport, enrolment, password, undefined, 0n);
        if (found.kind !== "good") throw new Error("the TPM is not good");
        return await signCheckpointByTpm(transport, {
          ...{ enrolment, ak: found.ak, password },
          ...{ checkpointText: sealed.text, increment: true },
        });
      });
      const seal = { line: 1, checkpointText: sealed.text, tpm: tpmPart };
      const errors = checkTpm([enrolment], [seal], []).filter(({ severity }) => severity === "E");
      if (errors.length > 0) throw new Error(errors[0]?.text);
      const { note: checkpoint, time, chain } = sealed;
      await checkpoints.append({ checkpoint, time, chain, tpm: tpmPart });
    };
    const [ak, index] = [handle, enrolment.counterIndex].map((one) => `0x${one.toString(16)}`) as [
      string,
      string,
    ];
    const by = ["-P", `hex:${password.toString("hex")}`];
    const reference = async () => {
      const sealed = await checkpoints.seal();
      if (sealed === undefined) throw new Error("there was nothing to seal");
      const binding = hash("sha256", sealed.text);
      await tpm.tool("tpm2_nvincrement", index, "-C", index, ...by);
      await tpm.tool(
        "tpm2_nvcertify",
        ...["-C", ak, "-c", index, "-P", "", "-p", by[1] ?? "", "-g", "sha256"],
        ...["-s", "ecdsa", "-q", binding, "--attestation", "nv.attest", "-o", "nv.sig"],
        ...["--size", "8", index],
      );
      await tpm.tool(
        "tpm2_quote",
        ...["-c", ak, "-l", "sha256:0,1,2,3,4,5,6,7,14", "-q", binding],
        ...["-m", "quote.attest", "-s", "quote.sig", "-o", "quote.pcrs", "-g", "sha256"],
      );
      const { note: checkpoint, time, chain } = sealed;
      await checkpoints.append({ checkpoint, time, chain });
    };
    const times = { ours: [] as number[], reference: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, work] of [["ours", ours] as const, ["reference", reference] as const]) {
        await log.note();
        const began = performance.now();
        await work();
        times[name].push(performance.now() - began);
      }
    }
    return [atMost("audit-checkpoint", "ms", median(times.ours), median(times.reference), most)];
  } finally {
    await checkpoints.close();
    log.close();
    rmSync(directory, { recursive: true });
    await tpm.remove();
  }
}
