/** Ways out that the rest of the agent's configuration declares already, so that nobody writes them twice. */
import { familyOf, type Way } from "./declared.ts";

/** Where the agent itself sends something, as its configuration names it. */
export interface Destinations {
  witnesses?: readonly { name?: string; url: string }[];
  offload?: object | undefined;
  elasticsearch?: { url: string } | undefined;
  syslog?: { address: string } | undefined;
  cephGateway?: { endpoint: string } | undefined;
}

/**
 * @returns a way for each destination that is an address. A name is none: whoever answers for it would
 *   decide where packets go, so it needs a declared way.
 */
export function derivedWays(config: Destinations): Way[] {
  const { witnesses = [], offload, elasticsearch, syslog, cephGateway } = config;
  const s3 =
    offload !== undefined && "s3" in offload ? (offload.s3 as { endpoint: string }) : undefined;
  return [
    ...witnesses.map(({ url }, index) => ofUrl(`witness-${index + 1}`, url)),
    ofUrl("offload", s3?.endpoint),
    ofUrl("elasticsearch", elasticsearch?.url),
    ofUrl("ceph-gateway", cephGateway?.endpoint),
    ofUrl(
      "syslog",
      syslog && !syslog.address.startsWith("unix:") ? `tcp://${syslog.address}` : undefined,
    ),
  ].filter((way) => way !== undefined);
}

const usual: Record<string, number> = { "http:": 80, "https:": 443, "tcp:": 601 };

function ofUrl(name: string, text: string | undefined): Way | undefined {
  if (!text) return undefined;
  const { hostname, port, protocol } = new URL(text);
  const to = hostname.replace(/^\[|\]$/g, "");
  const isLocal = /^127\./.test(to) || to === "::1";
  if (isLocal || familyOf(to) === undefined) return undefined;
  return {
    name,
    to,
    protocol: "tcp",
    port: Number(port) || (usual[protocol] ?? 443),
    tenants: false,
  };
}
