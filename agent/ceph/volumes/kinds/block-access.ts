/** What a tenant's client needs to map a block volume. */
import type { Ceph } from "../../link/types.ts";
import type { VolumeAccess } from "../answers.ts";
import { keyringText, userOf } from "../keys.ts";
import { monitors } from "./file-access.ts";
import type { Found, Volume } from "./types.ts";

/** @param secret of the tenant's key; it is in the keyring and nowhere else */
export async function blockAccess(
  ceph: Pick<Ceph, "mon">,
  { tenant, name }: Volume,
  { path }: Found,
  secret: string,
): Promise<VolumeAccess> {
  const user = userOf(tenant);
  const mons = (await monitors(ceph)).map((address) => `v2:${address}`).join(",");
  const map = `rbd device map ${path} --id ${user} --keyring KEYRING -m ${mons} -o ms_mode=secure`;
  const mount = `${map} && cryptsetup open --type luks2 /dev/rbd/${path} ${name}`;
  return { kind: "block", user, keyring: keyringText(tenant, secret), mount, fileSystem: "", path };
}
