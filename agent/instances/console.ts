/**
 * Consoles of instances that people have open: each a one-time socket for the person's own program,
 * joined with the console in Incus, bounded in number and time, and on record when it ends. What
 * goes through is never kept or logged.
 */
import { chmod, mkdir, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { AuditWriter } from "../audit/types.ts";
import type { Call } from "../bus/call.ts";
import { DsecosError } from "../bus/errors.ts";
import type { IncusClient } from "../incus/client.ts";
import { attachConsole, type IncusConsole } from "../incus/console.ts";
import { explain } from "../log.ts";
import { openDoorway } from "./doorway.ts";

export interface ConsoleDeps {
  client: IncusClient;
  audit: AuditWriter;
  log: (event: string, facts: Record<string, unknown>) => void;
  /** Below it the sockets are made; everybody may pass through it and nobody list it. */
  runtimeDirectory: string;
}

interface Session {
  readonly call: Call;
  readonly tenant: string;
  readonly name: string;
  end: (why: string) => void;
}

const mostInAll = 20;
const mostPerPerson = 3;
const patienceMs = 30_000;
const idleMs = 15 * 60_000;
/** How long a program that does not read has for the last line. */
const farewellMs = 2_000;

const left = "left by the person";

export class Consoles {
  readonly #deps: ConsoleDeps;
  readonly #directory: string;
  readonly #sessions = new Set<Session>();
  /** Notes on their way to the record. */
  readonly #noting = new Set<Promise<void>>();
  #prepared: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: ConsoleDeps) {
    this.#deps = deps;
    this.#directory = join(deps.runtimeDirectory, "console");
  }

  /** Removes sockets that a killed agent left. */
  start(): void {
    this.#prepare().catch((error) =>
      this.#deps.log("the directory of consoles could not be made", { error: explain(error) }),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endAll(() => true, "the agent stopped");
    await Promise.all(this.#noting);
  }

  endOf(tenant: string, name: string, why: string): void {
    this.#endAll((one) => one.tenant === tenant && one.name === name, why);
  }

  /** Ends those of tenants in which nothing may run. */
  endOfInactive(isActive: (tenant: string) => boolean): void {
    this.#endAll(({ tenant }) => !isActive(tenant), "the tenant is not active any more");
  }

  #endAll(which: (session: Session) => boolean, why: string): void {
    for (const session of [...this.#sessions]) if (which(session)) session.end(why);
  }

  /**
   * @returns path of a socket that the caller alone can connect to, once, within 30 s.
   * @throws Conflict when too many are open, or somebody else has this one.
   */
  async open(call: Call, tenant: string, name: string): Promise<string> {
    this.#requireFree(tenant, name, call.caller.uid);
    this.#requireRoom(call.caller.uid);
    let early: string | undefined;
    const session: Session = { call, tenant, name, end: (why) => (early ??= why) };
    this.#sessions.add(session);
    try {
      await this.#prepare();
      const inner = await attachConsole(this.#deps.client, tenant, name);
      const door = await openDoorway(this.#directory, call.caller.uid, patienceMs).catch(
        (error) => {
          inner.close();
          throw error;
        },
      );
      this.#join(session, inner, door);
      if (early !== undefined) session.end(early);
      return door.path;
    } catch (error) {
      this.#sessions.delete(session);
      throw error;
    }
  }

  #requireRoom(uid: number): void {
    if (this.#stopped) throw new DsecosError("Unavailable", "The agent is stopping; try again.");
    const own = [...this.#sessions].filter(({ call }) => call.caller.uid === uid).length;
    if (own >= mostPerPerson) {
      const message = `You have ${own} consoles open, which is the most; close one of them.`;
      throw new DsecosError("Conflict", message);
    }
    if (this.#sessions.size >= mostInAll) {
      const message = `${mostInAll} consoles are open on this node, which is the most; try later.`;
      throw new DsecosError("Conflict", message);
    }
  }

  /** Whoever loads the page again takes over from himself; others learn whom to ask. */
  #requireFree(tenant: string, name: string, uid: number): void {
    for (const one of [...this.#sessions]) {
      if (one.tenant !== tenant || one.name !== name) continue;
      if (one.call.caller.uid === uid) {
        one.end("the same person opened it anew");
        continue;
      }
      const { user } = one.call.caller;
      const message = `${user} has the console of ${name} open already; wait until it is left.`;
      throw new DsecosError("Conflict", message);
    }
  }

  #join(session: Session, inner: IncusConsole, door: Awaited<ReturnType<typeof openDoorway>>) {
    const began = performance.now();
    const { stream } = inner;
    let socket: Socket | undefined;
    session.end = (why) => {
      if (!this.#sessions.delete(session)) return;
      const bytes = { bytesIn: socket?.bytesRead ?? 0, bytesOut: socket?.bytesWritten ?? 0 };
      door.close();
      inner.close();
      if (socket !== undefined) dismiss(socket, why);
      this.#note(session, {
        why,
        ...bytes,
        seconds: Math.round((performance.now() - began) / 1000),
      });
    };
    const closed = () => session.end("the instance or its engine closed it");
    stream.on("end", closed);
    stream.on("close", closed);
    if (stream.destroyed) closed();
    void door.visitor.then((visitor) => {
      if (visitor === undefined) {
        session.end(`nobody connected within ${patienceMs / 1000} s`);
        return;
      }
      socket = visitor;
      visitor.on("error", () => session.end(left));
      visitor.on("close", () => session.end(left));
      if (!this.#sessions.has(session)) {
        visitor.destroy();
        return;
      }
      visitor.setTimeout(idleMs, () => session.end("nothing was typed or printed for 15 minutes"));
      // Each waits for the other: no more than the streams' own buffers is ever held.
      visitor.pipe(stream, { end: false });
      stream.pipe(visitor, { end: false });
      visitor.on("end", () => session.end(left));
    });
  }

  #note({ call, tenant, name }: Session, details: Record<string, unknown>): void {
    const { user: actor, uid, loginuid, pid, label } = call.caller;
    const who = { actor, uid, loginuid, pid, label, tenant, object: name, call: call.id };
    const noting = this.#deps.audit
      .append({ action: "instances.Console", outcome: "note", ...who, details }, "written")
      .then(
        () => undefined,
        (error) =>
          this.#deps.log("the end of a console could not be put on record", {
            tenant,
            name,
            error: explain(error),
          }),
      )
      .finally(() => this.#noting.delete(noting));
    this.#noting.add(noting);
  }

  #prepare(): Promise<void> {
    this.#prepared ??= makeDirectory(this.#deps.runtimeDirectory, this.#directory).catch(
      (error) => {
        this.#prepared = undefined;
        throw error;
      },
    );
    return this.#prepared;
  }
}

/** Says why in the terminal itself, so that every program shows it. */
function dismiss(socket: Socket, why: string): void {
  socket.unpipe();
  if (why === left) {
    socket.destroy();
    return;
  }
  socket.end(`\r\n[DsecOS: the console has ended: ${why}]\r\n`);
  setTimeout(() => socket.destroy(), farewellMs).unref();
}

async function makeDirectory(parent: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  // The mode of mkdir is subject to the umask; these two must be passable for everybody.
  for (const path of [parent, directory]) await chmod(path, 0o711);
}
