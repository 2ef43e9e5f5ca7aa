/** What can go wrong between a page and the agent, and what to do about each. */
import { roles } from "../../agent/bus/contract.ts";
import { codeOfName, type ErrorCode } from "../../agent/bus/errors.ts";
import type { CockpitError } from "./cockpit.ts";
import { _, format } from "./i18n.ts";

/**
 * `NotRunning`: no agent on the bus. `NoAccess`: the bus lets the person not speak to it. `NoNode`: there
 * is no way to the node that was chosen. `NoMember`: an older agent, which cannot be asked that.
 */
export type PageErrorCode =
  | ErrorCode
  | "NotRunning"
  | "NoAccess"
  | "NoNode"
  | "NoMember"
  | "Disconnected"
  | "BadReply";

export class PageError extends Error {
  readonly code: PageErrorCode;

  constructor(code: PageErrorCode, message: string) {
    super(message);
    this.name = "PageError";
    this.code = code;
  }
}

const busErrors: Record<string, PageErrorCode> = {
  "org.freedesktop.DBus.Error.AccessDenied": "NoAccess",
  "org.freedesktop.DBus.Error.ServiceUnknown": "NotRunning",
  "org.freedesktop.DBus.Error.NameHasNoOwner": "NotRunning",
  "org.freedesktop.DBus.Error.UnknownMethod": "NoMember",
  "org.freedesktop.DBus.Error.NoReply": "Timeout",
  "org.freedesktop.DBus.Error.Timeout": "Timeout",
  "org.freedesktop.DBus.Error.TimedOut": "Timeout",
};

/** Problem codes that Cockpit gives when the channel itself fails. */
const problems: Record<string, PageErrorCode> = {
  "not-found": "NotRunning",
  "access-denied": "NoAccess",
  timeout: "Timeout",
  "no-host": "NoNode",
  "unknown-host": "NoNode",
  "unknown-hostkey": "NoNode",
  "invalid-hostkey": "NoNode",
  "authentication-failed": "NoNode",
  "no-cockpit": "NoNode",
};

function isCockpitError(cause: unknown): cause is CockpitError {
  return typeof cause === "object" && cause !== null && "problem" in cause;
}

/** @returns the failure in the pages' own terms, whatever a call was rejected with. */
export function toPageError(cause: unknown): PageError {
  if (cause instanceof PageError) return cause;
  if (!isCockpitError(cause)) {
    return new PageError("Internal", cause instanceof Error ? cause.message : String(cause));
  }
  const own = codeOfName(cause.name ?? "");
  if (own !== undefined) return new PageError(own, cause.message ?? own);
  const code =
    busErrors[cause.name ?? ""] ??
    problems[cause.problem ?? ""] ??
    (cause.problem ? "Disconnected" : "Internal");
  return new PageError(code, explain(code, cause));
}

function explain(code: PageErrorCode, cause: CockpitError): string {
  switch (code) {
    case "NotRunning":
      return _("The DsecOS agent does not run on this node.");
    case "NoAccess":
      return format(
        _("You are in none of the groups that may speak to the DsecOS agent: $0."),
        roles.map((role) => `dsecos-${role}`).join(", "),
      );
    case "Timeout":
      return _("The agent did not answer in time.");
    case "NoNode":
      return _("There is no way to this node.");
    case "Disconnected":
      return _("The connection to this node was lost.");
    default:
      return cause.message ?? cause.name ?? cause.problem ?? _("Something went wrong.");
  }
}

/** Nothing of the page is there then, which the page as a whole says with what to do. */
export function isToldByPage({ code }: PageError): boolean {
  return code === "NotRunning" || code === "NoAccess" || code === "NoNode";
}

/** What the person can do; with the command where there is one. */
export function remedyOf(code: PageErrorCode): { text: string; command?: string } {
  switch (code) {
    case "NotRunning":
      return {
        text: _("Start it as root, and look into its journal if it does not stay up:"),
        command: "systemctl start dsecos-agent.service",
      };
    case "NoAccess":
      return {
        text: _("Ask an administrator to add you to one of them, then log in again:"),
        command: "usermod --append --groups dsecos-viewer NAME",
      };
    case "NoNode":
      return { text: _("The first line of the page says why, and what to do.") };
    case "Disconnected":
      return { text: _("The page connects again by itself as soon as it can.") };
    case "Timeout":
      return { text: _("The engine behind it may be busy or stopped. Try again in a moment.") };
    case "Unavailable":
      return { text: _("The overview shows which engine is missing and how to bring it back.") };
    case "Denied":
      return { text: _("Your groups do not allow this. An administrator can change that.") };
    default:
      return { text: _("Try again. If it stays, the agent’s journal says more.") };
  }
}
