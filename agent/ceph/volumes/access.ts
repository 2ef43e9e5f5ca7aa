/** What a tenant's client needs to mount a volume. */
import * as v from "valibot";
import type { Ceph } from "../link/types.ts";
import type { VolumeAccess } from "./answers.ts";
import type { Found } from "./file.ts";
import { keyringText, userOf } from "./keys.ts";
import { findFileSystem } from "./pools.ts";

const monsSchema = v.object({
  mons: v.array(
    v.object({
      public_addrs: v.object({
        addrvec: v.array(v.object({ type: v.string(), addr: v.string() })),
      }),
    }),
  ),
});

/** @param secret of the tenant's key; it is in the keyring and nowhere else */
export async function accessOf(
  ceph: Pick<Ceph, "mon">,
  tenant: string,
  { path }: Found,
  secret: string,
): Promise<VolumeAccess> {
  const [fileSystem, dump] = await Promise.all([findFileSystem(ceph), ceph.mon("mon dump")]);
  // msgr2 alone can be encrypted.
  const addresses = v
    .parse(monsSchema, dump)
    .mons.flatMap(({ public_addrs }) => public_addrs.addrvec)
    .filter(({ type }) => type === "v2")
    .map(({ addr }) => addr);
  const user = userOf(tenant);
  const options = `name=${user},secretfile=KEYFILE,fs=${fileSystem.name},ms_mode=secure`;
  const mount = `mount -t ceph ${addresses.join(",")}:${path} DIRECTORY -o ${options}`;
  const keyring = keyringText(tenant, secret);
  return { user, keyring, mount, fileSystem: fileSystem.name, path };
}
