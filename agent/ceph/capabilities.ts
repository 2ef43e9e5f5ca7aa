/**
 * What the agent's key of the cluster may, by kind of daemon, in one place, since a command that gives
 * some of it takes the rest away. Imports nothing from node:, since the pages show the commands.
 */
export interface Capabilities {
  readonly mon: string;
  readonly mgr: string;
  readonly osd: string;
}

/** To see and to prove: who has it changes nothing and reads no data. */
export const seeing: Capabilities = {
  mon: "allow r, allow command 'config-key ls', allow command sessions",
  mgr: "allow r",
  osd: "allow r class-read",
};

/** To make volumes of all kinds, too, and to act on OSDs: worth as much as the cluster's own. */
export const acting: Capabilities = {
  mon: [
    seeing.mon,
    ...["osd", "mds"].map((service) => `allow service ${service} rw`),
    "allow service auth rwx",
    ...["set", "rm", "dump"].map(
      (act) => `allow command 'config-key ${act}' with key prefix dsecos/window/`,
    ),
  ].join(", "),
  mgr: `${seeing.mgr}, allow module volumes rw, allow module rbd_support rw`,
  osd: `${seeing.osd}, allow rwx tag rbd dsecos=block, allow rwx tag rgw *=*`,
};

/** Words behind `ceph auth get-or-create` or `ceph auth caps`. */
export function capabilityWords(user: string, { mon, mgr, osd }: Capabilities): string {
  return `${user} mon "${mon}" mgr '${mgr}' osd '${osd}'`;
}
