/** What is judged: the parts of Ceph's own answers that are used, in Ceph's names. */

/** Of `osd metadata`; all values are texts, and which there are depends on the object store. */
export type OsdMetadata = Readonly<Record<string, unknown>> & { readonly id: number };

export interface Addresses {
  addrvec: readonly { type: string }[];
}

/** A daemon that others connect to. */
export interface Speaker {
  name: string;
  kind: "mon" | "mgr" | "osd" | "mds";
  host: string;
  addresses: readonly Addresses[];
  /** Names and values of settings that are not the default; undefined where it was not asked or did not answer. */
  settings: ReadonlyMap<string, string> | undefined;
}

/** An object gateway, of `service dump`. */
export interface Gateway {
  name: string;
  host: string;
  /** For example "beast endpoint=127.0.0.1:80"; undefined where it does not say. */
  frontend: string | undefined;
}

/** By name of the daemon, then of the setting. */
export type Settings = ReadonlyMap<string, ReadonlyMap<string, string>>;
