/** An agent's sealing in a process of its own, to be killed: `seal-child DIRECTORY TPM`. */
import { createSealer } from "../../agent/audit/seal/service.ts";
import { journal } from "../../agent/log.ts";
import { WriterLog } from "./writer-log.ts";

const [directory = "", tpm = ""] = process.argv.slice(2);
const log = new WriterLog(directory);
const sealer = createSealer({ log, directory, node: "node1", tpm, journal });
await log.note("agent.start");
await sealer.start();
