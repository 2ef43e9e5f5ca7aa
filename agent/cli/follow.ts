/** Prints what comes on record until Ctrl-C, also across restarts of the agent. */
import { setTimeout as sleep } from "node:timers/promises";
import { agent } from "../agent/contract.ts";
import type { AuditPage } from "../audit/answers.ts";
import { audit } from "../audit/contract.ts";
import type { AuditConditions, AuditFilter } from "../audit/filter.ts";
import type { AgentClient } from "../bus/client.ts";
import { DsecosError } from "../bus/errors.ts";
import { entryLine } from "./entry.ts";
import type { ParsedCall } from "./parse.ts";
import type { Terminal } from "./terminal.ts";

/** Shown of what was before. */
const before = 10;
const perPage = 1000;
/** How long to wait for an agent that restarts, in milliseconds. */
const retryMs = 1000;

type Read = (filter: AuditFilter) => Promise<AuditPage>;

export async function followRecord(
  parsed: ParsedCall,
  terminal: Terminal,
  connect: () => Promise<AgentClient>,
): Promise<number> {
  const filter = parsed.inputs[0] as AuditConditions;
  const json = parsed.common.has("json");
  const client = await connect();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  client.onClose(() => stop.abort(new DsecosError("Unavailable", "The system bus is gone.")));
  process.once("SIGINT", interrupt);
  try {
    const news = new News(stop.signal);
    await client.onSignal(audit, "Appended", (size) => news.tell(Number(size)));
    const read = await readerFor(client, filter, terminal);
    const print = ({ rows }: Pick<AuditPage, "rows">) => {
      for (const row of rows) {
        terminal.print(json ? JSON.stringify(row) : entryLine(row, terminal.screen));
      }
    };
    const first = await read({ ...filter, cursor: "", limit: before });
    print({ rows: first.rows.toReversed() });
    let seen = first.size;
    while (!stop.signal.aborted) {
      await news.beyond(seen);
      const page = await patiently(() => since(read, filter, seen), terminal, stop.signal);
      if (page === undefined) break;
      print(page);
      seen = page.size;
    }
    if (stop.signal.reason instanceof DsecosError) throw stop.signal.reason;
    return 0;
  } finally {
    process.removeListener("SIGINT", interrupt);
    client.close();
  }
}

/** The newest size that was told. */
class News {
  #size = 0;
  #wake: (() => void) | undefined;
  readonly #stop: AbortSignal;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener("abort", () => this.#wake?.());
  }

  tell(size: number): void {
    this.#size = size;
    this.#wake?.();
  }

  /** Waits until there is more than was seen, or it is stopped. */
  async beyond(seen: number): Promise<void> {
    while (this.#size <= seen && !this.#stop.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** All of what the caller may read. */
async function readerFor(
  client: AgentClient,
  { tenant }: AuditConditions,
  terminal: Terminal,
): Promise<Read> {
  const { actions } = await client.call(agent, "GetCapabilities", []);
  if (actions["audit.read"]) return (filter) => client.call(audit, "List", [filter]);
  if (tenant !== undefined) return (filter) => client.call(audit, "ListTenant", [tenant, filter]);
  terminal.tell("Only auditors follow the whole log; these are your own acts.");
  return (filter) => client.call(audit, "ListOwn", [filter]);
}

/** What came after an entry, oldest first. */
async function since(read: Read, filter: AuditConditions, seen: number): Promise<AuditPage> {
  let page = await read({ ...filter, after: seen, cursor: "", limit: perPage });
  const { size } = page;
  const rows = [...page.rows];
  while (page.next !== "") {
    page = await read({ ...filter, after: seen, cursor: page.next, limit: perPage });
    rows.push(...page.rows);
  }
  return { rows: rows.reverse(), next: "", size };
}

/** @returns undefined when it is stopped. */
async function patiently<T>(
  ask: () => Promise<T>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<T | undefined> {
  let told = false;
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      const passing =
        error instanceof DsecosError && ["Unavailable", "Timeout"].includes(error.code);
      if (!passing) throw error;
      if (!told) terminal.tell(`${error.message} Waiting for it.`);
      told = true;
      await sleep(retryMs);
    }
  }
  return undefined;
}
