import type { Call } from "../bus/call.ts";
import type { Handlers, Interface, Method } from "../bus/contract.ts";

/** Handlers of an area's own members. */
export type Answers<M extends Record<string, Method>> = Handlers<
  Omit<Interface, "methods" | "object"> & { readonly methods: M },
  Call
>;
