/**
 * Capabilities of cephx taken apart: grants with what each is bound to. The grammar is that of Ceph's
 * MonCap, OSDCap, MDSAuthCaps and MgrCap; a grant of which a word is not known is not understood.
 * https://docs.ceph.com/en/reef/rados/operations/user-management/
 */

export interface Grant {
  text: string;
  understood: boolean;
  /** Letters of r, w, x, p and s; `*` for everything. */
  allow: string;
  profile: string;
  service: string;
  command: string;
  /** Only with certain arguments. */
  bound: boolean;
  module: string;
  /** Empty for every pool. */
  pool: string;
  /** Undefined for every namespace; with a `*` at its end for those that begin so. */
  namespace: string | undefined;
  /** Only pools with this word of an application. */
  tag: { application: string; key: string; value: string } | undefined;
  prefix: string;
  /** Class of OSDs' methods that it may run, and the one where it is bound to one: `rbd metadata_list`. */
  method: string;
  fileSystem: string;
  path: string;
  network: string;
}

const none: Omit<Grant, "text"> = {
  ...{ understood: true, allow: "", profile: "", service: "", command: "", bound: false },
  ...{ module: "", pool: "", namespace: undefined, tag: undefined, prefix: "", fileSystem: "" },
  ...{ path: "", network: "", method: "" },
};

/** Between grants stand commas or semicolons; inside quotes and between numbers these part nothing. */
export function parseGrants(capability: string): Grant[] {
  const parts = capability.match(/(?:"[^"]*"|'[^']*'|[^,;])+/g) ?? [];
  const texts: string[] = [];
  for (const part of parts.map((one) => one.trim()).filter(Boolean)) {
    const before = texts.at(-1);
    if (before === undefined || !/^\d+$/.test(part)) texts.push(part);
    else texts[texts.length - 1] = `${before},${part}`;
  }
  return texts.map(parseGrant);
}

const permissions = /^[rwxps]{1,5}$/;
const places = new Set(["pool", "namespace", "object_prefix", "tag", "network"]);

function parseGrant(text: string): Grant {
  const grant: Grant = { ...none, text };
  const words = text.match(/"[^"]*"\*?|'[^']*'\*?|=|[^\s=]+/g) ?? [];
  let at = 0;
  /** The value after a keyword, with or without an equals sign. */
  const value = (): string => {
    if (words[at] === "=") at += 1;
    const word = words[at];
    at += 1;
    if (word === undefined) grant.understood = false;
    return (word ?? "").replace(/^(["'])(.*)\1(\*?)$/, "$2$3");
  };
  const unread = new Set(["uid", "gids"]);
  while (at < words.length) {
    const word = words[at] ?? "";
    at += 1;
    if (word === "allow" || word === "root_squash") continue;
    if (word === "*" || word === "all") grant.allow = "*";
    else if (permissions.test(word)) grant.allow += word;
    else if (word === "class-read" || word === "class-write") grant.allow += word[6] ?? "";
    else if (word === "class") {
      const name = value();
      const [next = ""] = words.slice(at, at + 1);
      grant.method = next === "" || places.has(next) ? name : `${name} ${value()}`;
    } else if (word === "profile") grant.profile = value();
    else if (word === "service") grant.service = value();
    else if (word === "command") grant.command = value();
    else if (word === "module") grant.module = value();
    else if (word === "network") grant.network = value();
    else if (word === "pool") grant.pool = value();
    else if (word === "namespace") grant.namespace = value();
    else if (word === "object_prefix") grant.prefix = value();
    else if (word === "fsname") grant.fileSystem = value();
    else if (word === "path") grant.path = value();
    else if (unread.has(word)) value();
    else if (word === "tag") {
      grant.tag = { application: value(), key: value(), value: value() };
    } else if (word === "with") {
      grant.bound = true;
      at = words.length;
    } else grant.understood = false;
  }
  return grant;
}

/** What clients of RBD ask of a pool first: its settings, which are nobody's data. */
export const asksSettings = ({ method, prefix }: Grant): boolean =>
  method === "rbd metadata_list" && prefix === "rbd_info";

export const reads = ({ allow }: Grant): boolean => allow === "*" || allow.includes("r");
export const writes = ({ allow }: Grant): boolean => allow === "*" || allow.includes("w");
