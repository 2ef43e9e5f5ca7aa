/**
 * One command to a TPM and its reply: headers and authorisations (TPM 2.0 Part 1, 18 and 19;
 * Part 2, tables 131 to 134).
 */
import { setTimeout as delay } from "node:timers/promises";
import { Reader, sized, u8, u16, u32 } from "./codec.ts";
import { hierarchy, tag } from "./constants.ts";
import { again, TpmError } from "./errors.ts";
import { TpmUnreachable, type Transport } from "./transport.ts";

/** TPM_CC, Part 2, table 12. */
export const commands = {
  EvictControl: 0x120,
  NV_DefineSpace: 0x12a,
  CreatePrimary: 0x131,
  NV_Increment: 0x134,
  ActivateCredential: 0x147,
  NV_Read: 0x14e,
  PolicySecret: 0x151,
  Quote: 0x158,
  FlushContext: 0x165,
  NV_ReadPublic: 0x169,
  ReadPublic: 0x173,
  StartAuthSession: 0x176,
  GetCapability: 0x17a,
  PCR_Read: 0x17e,
  ReadClock: 0x181,
  NV_Certify: 0x184,
} as const;

export type CommandName = keyof typeof commands;

/** A password, which may be empty, or the handle of a policy session, which ends with that. */
export type Auth = { password: Buffer } | { session: number };

export const emptyAuth: Auth = { password: Buffer.alloc(0) };

export interface Command {
  name: CommandName;
  handles?: readonly number[];
  /** For the first handles, in their order. */
  auths?: readonly Auth[];
  parameters?: readonly Buffer[];
  /** True when the reply begins with a handle. */
  givesHandle?: boolean;
  timeoutMs?: number;
}

export interface Reply {
  /** 0 where the reply has none. */
  handle: number;
  parameters: Reader;
}

const headerBytes = 10;
/** Longer than signatures and writes to memory take on slow TPMs. */
const usualMs = 10_000;
const againMs = 20;

/**
 * @throws TpmError when the TPM refuses
 * @throws TpmUnreachable when it does not answer
 */
export async function run(transport: Transport, command: Command): Promise<Reply> {
  const bytes = marshal(command);
  const until = performance.now() + (command.timeoutMs ?? usualMs);
  for (;;) {
    const left = Math.max(1, Math.ceil(until - performance.now()));
    const reply = new Reader(await transport.send(bytes, left));
    if (reply.left < headerBytes) throw garbled(command.name);
    const [replyTag, size, response] = [reply.u16(), reply.u32(), reply.u32()];
    if (size !== reply.left + headerBytes) throw garbled(command.name);
    if (response === 0) return body(command, replyTag, reply);
    if (!again.has(response) || performance.now() + againMs > until)
      throw new TpmError(command.name, response);
    await delay(againMs);
  }
}

function marshal({ name, handles = [], auths = [], parameters = [] }: Command): Buffer {
  const areas = auths.map((auth) =>
    "session" in auth
      ? Buffer.concat([u32(auth.session), sized(), u8(0), sized()])
      : Buffer.concat([u32(hierarchy.password), sized(), u8(0), sized(auth.password)]),
  );
  const authBytes = Buffer.concat(areas);
  const rest = Buffer.concat([
    ...handles.map(u32),
    ...(auths.length === 0 ? [] : [u32(authBytes.length), authBytes]),
    ...parameters,
  ]);
  const kind = auths.length === 0 ? tag.noSessions : tag.sessions;
  return Buffer.concat([u16(kind), u32(headerBytes + rest.length), u32(commands[name]), rest]);
}

function body(command: Command, replyTag: number, reply: Reader): Reply {
  const handle = command.givesHandle === true ? reply.u32() : 0;
  // With sessions, the size of the parameters stands before them, the sessions' answers behind.
  const withSessions = replyTag === tag.sessions;
  const parameters = withSessions ? new Reader(reply.take(reply.u32())) : reply;
  return { handle, parameters };
}

function garbled(name: CommandName): TpmUnreachable {
  return new TpmUnreachable(`The TPM's reply to ${name} cannot be read.`);
}
