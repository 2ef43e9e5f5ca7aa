/** Acts that need a second person: waiting for one, and being one. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ApprovalRecord, approvals } from "../approvals/contract.ts";
import type { AgentClient } from "../bus/client.ts";
import { DsecosError } from "../bus/errors.ts";
import { record as recordLines } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import { harmless, oneLine } from "./text.ts";

const pollMs = 2_000;

/** @returns the id of the request that a NeedsApproval names. */
export function requestIn(message: string): string | undefined {
  return /\b[0-9a-f]{16}\b/.exec(message)?.[0];
}

export function howToApprove(request: string): string[] {
  const groups = approvals.actions.approve.roles.map((role) => `dsecos-${role}`);
  return [
    `Who can: another person in the group ${groups.join(" or ")}, or root.`,
    `They run:  dsecos approvals approve ${request}`,
  ];
}

/** @throws DsecosError when it is rejected or its time is over. */
export async function waitForApproval(
  client: AgentClient,
  id: string,
  terminal: Terminal,
): Promise<void> {
  try {
    for (;;) {
      const request = await find(client, id);
      if (request.state === "approved") return;
      if (request.state !== "pending") {
        const reason = request.reason ? `: ${oneLine(request.reason)}` : "";
        const code = request.state === "rejected" ? "Denied" : "NeedsApproval";
        throw new DsecosError(code, `Request ${id} is ${request.state}${reason}.`);
      }
      const given = `${request.approvers.length} of ${request.needed}`;
      terminal.progress(`Waiting for approval of request ${id} (${given})`);
      await sleep(pollMs);
    }
  } finally {
    terminal.progress("");
  }
}

async function find(client: AgentClient, id: string): Promise<ApprovalRecord> {
  const request = (await client.call(approvals, "List", [])).find((one) => one.id === id);
  if (request === undefined) throw new DsecosError("NotFound", `There is no request ${id}.`);
  return request;
}

/**
 * Shows a request and asks whether to approve it.
 * @returns the hash of exactly what was shown
 */
export async function confirmApproval(
  client: AgentClient,
  id: string,
  sure: boolean,
  terminal: Terminal,
): Promise<string> {
  const request = await find(client, id);
  const { hash, arguments: asked, ...rest } = request;
  terminal.tell(
    [...recordLines(rest, terminal.screen), `arguments: ${harmless(asked)}`].join("\n"),
  );
  if (sure) return hash;
  const answer = await terminal.confirm("Approve this?");
  if (answer === undefined) {
    throw new DsecosError("InvalidArgument", "Nobody is there to confirm it; say --yes.");
  }
  if (!answer) throw new DsecosError("Denied", `Request ${id} was not approved.`);
  return hash;
}
