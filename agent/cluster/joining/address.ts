/** Where a member's Incus listens, as people write it. */
import { jurisdictionAt, parseNetwork } from "../../ceph/residency/map/networks.ts";

/** The port that Incus itself proposes, and the firewall opens between members. */
const usualPort = 8443;

export interface Address {
  host: string;
  port: number;
  /** HOST:PORT, with brackets around an address of version 6. */
  text: string;
}

/** @returns undefined where it is no address; names are none, since somebody else answers for them */
export function parseAddress(text: string): Address | undefined {
  const isBare = !text.startsWith("[") && text.split(":").length > 2;
  const [, bracketed, plain = "", portText] = isBare ? [text, text] : (parts.exec(text) ?? []);
  const host = bracketed ?? plain;
  const port = Number(portText ?? usualPort);
  if (parseNetwork(whole(host)) === undefined || port < 1 || port > 65_535) return undefined;
  // Brackets are for version 6 alone.
  if ((bracketed !== undefined) !== isV6(host)) return undefined;
  return { host, port, text: `${isV6(host) ? `[${host}]` : host}:${port}` };
}

const parts = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/;

/** @param networks addresses, or networks such as 10.1.0.0/16 */
export function isWithin(host: string, networks: readonly string[]): boolean {
  const blocks = networks.map((text) => ({
    cidr: text.includes("/") ? text : whole(text),
    jurisdiction: "within",
  }));
  return jurisdictionAt(blocks, host) !== undefined;
}

const isV6 = (host: string) => host.includes(":");
const whole = (host: string) => `${host}/${isV6(host) ? 128 : 32}`;
