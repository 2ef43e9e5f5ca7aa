/** What audit-kill.test.ts kills: appends without end, and prints each event once it is acknowledged. */
import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { AuditLog } from "../../agent/audit/log.ts";

const [directory = "", life = "", program = ""] = process.argv.slice(2);
const log = new AuditLog(directory, "n1", () => {}, {
  program: pathToFileURL(program),
  failed: (error) => {
    throw error;
  },
});
await log.open();
writeSync(1, "open\n");

async function append(lane: number): Promise<void> {
  for (let i = 0; ; i++) {
    const object = `${life}-${lane}-${i}`;
    const event = { action: "test.Act", outcome: "note", actor: "somebody", uid: 1000 } as const;
    const details = { padding: "x".repeat((i * 97) % 2000) };
    const { sequence } = await log.append({ ...event, object, details });
    writeSync(1, `${sequence} ${object}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => append(lane)));
