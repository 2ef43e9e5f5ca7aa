#!/usr/bin/env node
import { version } from "../../package.json";
import { servesAsVerifier } from "../audit/verify/worker.ts";
import { contracts } from "../contracts.ts";
import { runProgram } from "./program.ts";
import { realTerminal } from "./terminal.ts";

// A reader such as head may leave before all is printed; that is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// To verify with several threads the program starts itself again as one of them.
if (!servesAsVerifier()) {
  const terminal = realTerminal();
  process.exitCode = await runProgram(process.argv.slice(2), { contracts, version, terminal });
}
