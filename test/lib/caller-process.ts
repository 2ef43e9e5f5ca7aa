/**
 * Runs as some user and calls the bus for the tests: one JSON request per line on standard input,
 * one JSON answer per line on standard output.
 */
import { createInterface } from "node:readline";
import { BusConnection, type CallTarget, systemBusPath } from "../../agent/bus/connection.ts";

const bus = await BusConnection.open(systemBusPath());
process.stdout.write(`${JSON.stringify({ name: bus.name })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { id, target } = JSON.parse(line) as { id: number; target: CallTarget };
  bus
    .call(target, 60_000)
    .then(
      (body) => ({ id, body }),
      (error: Error) => ({ id, error: { name: error.name, message: error.message } }),
    )
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
bus.end();
