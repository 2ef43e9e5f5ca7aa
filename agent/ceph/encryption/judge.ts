/** Daemons with both states, and what is to be said of them all. */
import type { Daemon, Encryption } from "./answers.ts";
import { flightOf, gatewayFlight } from "./flight.ts";
import type { Gateway, OsdMetadata, Speaker } from "./input.ts";
import { restOf } from "./rest.ts";

export interface EncryptionInput {
  speakers: readonly Speaker[];
  gateways: readonly Gateway[];
  /** By number of the OSD. */
  metadata: ReadonlyMap<number, OsdMetadata>;
  /** By number: whether the monitors keep its key; undefined where they could not be asked. */
  kept: ((osd: number) => boolean) | undefined;
}

export function daemonsOf({ speakers, gateways, metadata, kept }: EncryptionInput): Daemon[] {
  const daemons = speakers.map((speaker): Daemon => {
    const { name, kind, host } = speaker;
    const { state: flight, why: flightWhy } = flightOf(speaker);
    if (kind !== "osd") return { name, kind, host, restWhy: "", flight, flightWhy };
    const id = Number(name.slice("osd.".length));
    const { state: rest, why: restWhy } = restOf(kept?.(id), metadata.get(id));
    return { name, kind, host, rest, restWhy, flight, flightWhy };
  });
  const others = gateways.map((gateway): Daemon => {
    const { state: flight, why: flightWhy } = gatewayFlight(gateway);
    return { name: gateway.name, kind: "rgw", host: gateway.host, restWhy: "", flight, flightWhy };
  });
  return [...daemons, ...others];
}

export type Judged = Pick<Encryption, "rest" | "flight" | "sessions" | "findings">;

const sessions: Encryption["sessions"] = {
  state: "unknown",
  why: "Ceph does not tell which of its open connections are encrypted; one that was opened before encryption was required stays as it is until its daemon is restarted.",
};

export function judgeAll(daemons: readonly Daemon[]): Judged {
  const rest = { keyKept: 0, plain: 0, memory: 0, unknown: 0 };
  const flight = { required: 0, optional: 0, offered: 0, unknown: 0 };
  for (const daemon of daemons) {
    if (daemon.rest !== undefined) rest[daemon.rest] += 1;
    flight[daemon.flight] += 1;
  }
  const findings = [
    sentence(
      rest.plain,
      "not encrypted at rest by Ceph; make them anew with --dmcrypt, one after the other",
    ),
    sentence(
      rest.memory,
      "keeping data in memory, where nothing is encrypted and nothing is left when they end",
    ),
    sentence(rest.unknown, "keeping data in a way that cannot be judged; the list says why"),
    sentence(flight.offered, "reachable without encryption at all; the list says where"),
    sentence(
      flight.optional,
      "reachable without encryption where the other side wants it so; set the six ms_*_mode to secure",
    ),
    sentence(flight.unknown, "not asked or not answering, so what they require is not known"),
    sessions.why,
  ].filter(Boolean);
  return { rest, flight, sessions, findings };
}

function sentence(count: number, words: string): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? "daemon is" : "daemons are"} ${words}.`;
}

export function isTroubled({ rest, flight }: Daemon): boolean {
  return flight !== "required" || (rest !== undefined && rest !== "keyKept");
}
