import type { Interface } from "../bus/contract.ts";

/** @returns the actions under which it is recorded that somebody only read something. */
export function readingActions(contracts: readonly Interface[]): string[] {
  return contracts.flatMap(({ subsystem, methods }) =>
    Object.entries(methods)
      .filter(([, method]) => !method.changes && !method.job)
      .map(([member]) => `${subsystem}.${member}`),
  );
}
