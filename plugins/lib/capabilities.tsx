/** What the person may do, asked once for each page, and the reason where it is not allowed. */
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { agent, type Capabilities } from "../../agent/agent/contract.ts";
import type { Interface } from "../../agent/bus/contract.ts";
import { client } from "./client.ts";
import type { PageError } from "./errors.ts";
import { useQuery } from "./hooks.ts";
import { _, format } from "./i18n.ts";

export interface Access {
  who: Capabilities | undefined;
  error: PageError | undefined;
  /** @returns undefined when allowed, else the reason why not. */
  why(definition: Interface, action: string): string | undefined;
}

const noAccess: Access = { who: undefined, error: undefined, why: () => undefined };
const AccessContext = createContext<Access>(noAccess);

export const useAccess = (): Access => useContext(AccessContext);

export function AccessProvider(props: { first?: Promise<Capabilities>; children: ReactNode }) {
  const { data, error } = useQuery("capabilities", () => client(agent).GetCapabilities(), {
    first: props.first,
  });
  const access = useMemo<Access>(
    () => ({
      who: data,
      error,
      why: (definition, action) => reason(data, error, definition, action),
    }),
    [data, error],
  );
  return <AccessContext value={access}>{props.children}</AccessContext>;
}

function reason(
  who: Capabilities | undefined,
  error: PageError | undefined,
  definition: Interface,
  action: string,
): string | undefined {
  if (!who && error) return format(_("What you may do is not known: $0"), error.message);
  if (!who) return _("What you may do is not known yet.");
  if (who.actions[`${definition.subsystem}.${action}`]) return undefined;
  const needed = (definition.actions[action]?.roles ?? []).map((role) => `dsecos-${role}`);
  const held = who.roles.map((role) => `dsecos-${role}`);
  return format(
    _("This needs the group $0. You are in: $1."),
    needed.join(_(" or ")),
    held.join(", ") || _("none"),
  );
}
