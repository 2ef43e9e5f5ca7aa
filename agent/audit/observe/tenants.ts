/** What each tenant is: its record and its state, as they stand in Incus. */
import type { State, Subject } from "./observer.ts";

export interface TenantStates {
  /** @returns undefined while they are not loaded. */
  states(): ReadonlyMap<string, State> | undefined;
  onChanged(listener: () => void): void;
}

export function tenants(source: TenantStates): Subject {
  return {
    kind: "tenant",
    everyMs: 300_000,
    read: async () => source.states(),
    onChanged: (listener) => source.onChanged(listener),
  };
}
