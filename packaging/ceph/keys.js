// @ts-check
import { randomBytes } from "node:crypto";

/** What the agent's manual asks for where it only looks: the same as in `agent/ceph/capabilities.ts`. */
export const seeing = {
  // So that names of kept LUKS keys can be listed, and none of them read; that it is seen from where
  // clients are connected; and that mirrors of RBD's pools are, which a method of a class tells.
  mon: "allow r, allow command 'config-key ls', allow command sessions",
  ...{ mgr: "allow r", osd: "allow r class-read" },
};

/** The same where it makes volumes and acts on OSDs. */
export const acting = {
  mon: [
    seeing.mon,
    "allow service osd rw, allow service mds rw, allow service auth rwx",
    ...["set", "rm", "dump"].map(
      (act) => `allow command 'config-key ${act}' with key prefix dsecos/window/`,
    ),
  ].join(", "),
  mgr: `${seeing.mgr}, allow module volumes rw, allow module rbd_support rw`,
  osd: `${seeing.osd}, allow rwx tag rbd dsecos=block, allow rwx tag rgw *=*`,
};

/** Who is in a development cluster, beside its OSDs. @type {Record<string, Record<string, string>>} */
const people = {
  "mon.": { mon: "allow *" },
  "client.admin": { mon: "allow *", osd: "allow *", mds: "allow *", mgr: "allow *" },
  "mgr.x": { mon: "allow profile mgr", osd: "allow *", mds: "allow *" },
  "mds.a": {
    ...{ mon: "allow profile mds", mgr: "allow profile mds" },
    ...{ osd: "allow rw tag cephfs *=*", mds: "allow" },
  },
  "client.dsecos": seeing,
};

const gatewayCaps = { mon: "allow rw", mgr: "allow rw", osd: "allow rwx tag rgw *=*" };

/** @returns {string} a cephx key: type 1 (AES), seconds and nanoseconds, length, 16 random bytes */
export function cephxKey() {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString("base64");
}

/**
 * @param {string} name
 * @param {string} key
 * @param {Record<string, string>} [caps]
 */
export function keyringEntry(name, key, caps = {}) {
  const lines = Object.entries(caps).map(([kind, cap]) => `\tcaps ${kind} = "${cap}"\n`);
  return `[${name}]\n\tkey = ${key}\n${lines.join("")}`;
}

/**
 * Every key of a cluster, which its first monitor takes all at once.
 *
 * @param {number} osds
 * @param {readonly string[]} gateways
 * @returns {{ all: string, dsecos: string }} texts of two keyrings: of all, and of the agent alone
 */
export function makeKeyrings(osds, gateways = []) {
  const osdCaps = { mon: "allow profile osd", mgr: "allow profile osd", osd: "allow *" };
  const everybody = {
    ...people,
    ...Object.fromEntries(Array.from({ length: osds }, (_, id) => [`osd.${id}`, osdCaps])),
    ...Object.fromEntries(gateways.map((name) => [`client.rgw.${name}`, gatewayCaps])),
  };
  let dsecos = "";
  const entries = Object.entries(everybody).map(([name, caps]) => {
    const key = cephxKey();
    if (name === "client.dsecos") dsecos = keyringEntry(name, key);
    return keyringEntry(name, key, caps);
  });
  return { all: entries.join(""), dsecos };
}
