/** The agent as seen from a program on this node: typed calls, errors in the agent's own words. */
import type { BusConnection as Connection, Signal } from "./connection.ts";
import { BusConnection, BusError, systemBusPath } from "./connection.ts";
import {
  type Argument,
  busName,
  type InputsOf,
  type Interface,
  type OutputOf,
  signatureOf,
} from "./contract.ts";
import { codeOfName, DsecosError } from "./errors.ts";
import { encode } from "./validate.ts";

/** A call may take as long as the agent gives itself, and a little for the way. */
const extraMs = 5_000;

export interface CallOptions {
  /** Id of the object, for interfaces that have one object per thing. */
  object?: string;
  timeoutMs?: number;
}

export class AgentClient {
  readonly #bus: Connection;

  private constructor(bus: Connection) {
    this.#bus = bus;
  }

  /** @throws DsecosError Unavailable when there is no bus. */
  static async connect(path = systemBusPath()): Promise<AgentClient> {
    try {
      return new AgentClient(await BusConnection.open(path));
    } catch (cause) {
      const what = "The system bus does not answer; systemctl status dbus.service tells more.";
      throw new DsecosError("Unavailable", what, { cause });
    }
  }

  /** @throws DsecosError, whatever went wrong. */
  async call<I extends Interface, M extends Extract<keyof I["methods"], string>>(
    definition: I,
    member: M,
    inputs: InputsOf<I["methods"][M]>,
    options: CallOptions = {},
  ): Promise<OutputOf<I["methods"][M]>> {
    const method = definition.methods[member];
    if (method === undefined) throw new Error(`${definition.name} has no member ${member}`);
    const timeoutMs = options.timeoutMs ?? (method.timeoutSeconds ?? 30) * 1000 + extraMs;
    const target = {
      destination: busName,
      path: definition.object ? `${definition.path}/${options.object}` : definition.path,
      interface: definition.name,
      member,
      signature: signatureOf(method.in),
      body: method.in.map((argument, index) => encode(argument, inputs[index])),
    };
    try {
      const [reply] = await this.#bus.call(target, timeoutMs);
      return decode(method.out, reply) as OutputOf<I["methods"][M]>;
    } catch (error) {
      throw asDsecosError(error, `${definition.subsystem}.${member}`);
    }
  }

  /** Signals come only to those whose group the bus policy names, and to root. */
  async onSignal(
    definition: Interface,
    name: string,
    listener: (value: unknown, path: string) => void,
  ): Promise<void> {
    const argument = definition.signals[name];
    if (argument === undefined) throw new Error(`${definition.name} has no signal ${name}`);
    await this.#bus.subscribe(
      definition.name,
      name,
      ({ path, body }: Signal) => listener(decode(argument, body[0]), path),
      `,sender='${busName}'`,
    );
  }

  onClose(listener: (reason: string) => void): void {
    this.#bus.onClose(listener);
  }

  close(): void {
    this.#bus.end();
  }
}

function decode(argument: Argument, value: unknown): unknown {
  return argument.json ? JSON.parse(String(value)) : value;
}

/** @returns the failure as one of the agent's errors, also where the bus answered in its place. */
export function asDsecosError(error: unknown, member: string): DsecosError {
  if (error instanceof DsecosError) return error;
  if (!(error instanceof BusError)) {
    return new DsecosError("Internal", `${member}: the reply cannot be read.`, { cause: error });
  }
  const code = codeOfName(error.name);
  if (code !== undefined) return new DsecosError(code, error.message);
  const [, name = ""] = /^org\.freedesktop\.DBus\.Error\.(.+)$/.exec(error.name) ?? [];
  if (name === "AccessDenied") {
    return new DsecosError("Denied", `None of your groups may call ${member}; ask for a group.`);
  }
  if (["NoReply", "Timeout", "TimedOut"].includes(name)) {
    return new DsecosError("Timeout", `${member} was not answered in time; try again.`);
  }
  if (/^(ServiceUnknown|NameHasNoOwner|Disconnected|Spawn\..*)$/.test(name)) {
    const what = "The agent does not run; systemctl status dsecos-agent.service tells more.";
    return new DsecosError("Unavailable", what, { cause: error });
  }
  if (name.startsWith("Unknown")) {
    const what = `The agent does not know ${member}; it and this program differ in version.`;
    return new DsecosError("Unavailable", what, { cause: error });
  }
  return new DsecosError("Internal", `${member}: ${error.message}`, { cause: error });
}
