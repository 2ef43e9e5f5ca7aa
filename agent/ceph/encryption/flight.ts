/**
 * Whether connections to a daemon must be encrypted. Each kind of connection has a setting that
 * lists the ways which are allowed, the preferred one first: "secure" alone makes encryption
 * required, "crc" among them allows a connection that anybody on the way can read.
 * https://docs.ceph.com/en/reef/rados/configuration/msgr2/
 */
import type { FlightState } from "./answers.ts";
import type { Gateway, Speaker } from "./input.ts";

export interface Flight {
  state: FlightState;
  why: string;
}

/** What Ceph takes where nobody says anything else, in 16.2 and 18.2. */
const defaults: Record<string, string> = {
  ms_cluster_mode: "crc secure",
  ms_service_mode: "crc secure",
  ms_client_mode: "crc secure",
  ms_mon_cluster_mode: "secure crc",
  ms_mon_service_mode: "secure crc",
  ms_mon_client_mode: "secure crc",
};

const settingsOf: Record<Speaker["kind"], readonly string[]> = {
  mon: ["ms_mon_cluster_mode", "ms_mon_service_mode"],
  mgr: ["ms_cluster_mode", "ms_service_mode", "ms_client_mode", "ms_mon_client_mode"],
  osd: ["ms_cluster_mode", "ms_service_mode", "ms_client_mode", "ms_mon_client_mode"],
  mds: ["ms_cluster_mode", "ms_service_mode", "ms_client_mode", "ms_mon_client_mode"],
};

export function flightOf({ kind, addresses, settings }: Speaker): Flight {
  const types = new Set(addresses.flatMap(({ addrvec }) => addrvec.map(({ type }) => type)));
  if (types.has("v1") || types.has("legacy")) {
    return {
      state: "offered",
      why: "It listens for protocol v1 too, which never encrypts; set ms_bind_msgr1 to false and restart it.",
    };
  }
  if (settings === undefined) {
    return { state: "unknown", why: "It did not tell its settings." };
  }
  const weak = settingsOf[kind].flatMap((name) => {
    const value = settings.get(name) ?? defaults[name] ?? "";
    const ways = value.split(/[\s,]+/).filter(Boolean);
    return ways.length > 0 && ways.every((way) => way === "secure") ? [] : `${name} = ${value}`;
  });
  if (weak.length > 0) {
    return {
      state: "optional",
      why: `It allows connections that are not encrypted (${weak.join(", ")}); set each to secure.`,
    };
  }
  return { state: "required", why: "It allows encrypted connections only, as it runs now." };
}

/** An object gateway speaks with its clients by HTTP; with TLS its frontend has an ssl_ endpoint only. */
export function gatewayFlight({ frontend }: Gateway): Flight {
  if (frontend === undefined) {
    return { state: "unknown", why: "It does not tell how it listens." };
  }
  const words = frontend.split(/\s+/);
  const isPlain = words.some((word) => /^(endpoint|port)=/.test(word));
  const isSecure = words.some((word) => /^ssl_(endpoint|port)=/.test(word));
  if (isPlain) {
    return {
      state: "offered",
      why: `It takes requests over plain HTTP (${frontend}); give it ssl_endpoint and a certificate only.`,
    };
  }
  return isSecure
    ? { state: "required", why: "It takes requests over TLS only." }
    : { state: "unknown", why: `How it listens is not understood: ${frontend}` };
}
