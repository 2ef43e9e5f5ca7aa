import { type JobRecord, job } from "../../../agent/jobs/contract.ts";
import { client, type Send } from "../../lib/client.ts";

const everyMs = 1000;

/** @returns the job of another node once it has ended */
export async function follow(
  id: string,
  send: Send,
  followed: (record: JobRecord) => void,
): Promise<JobRecord> {
  for (;;) {
    const record = await client(job, id, send).Show();
    if (record.state !== "running") return record;
    followed(record);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
