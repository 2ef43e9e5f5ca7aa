/** What a tenant's client needs to mount a file volume. */
import * as v from "valibot";
import type { Ceph } from "../../link/types.ts";
import type { VolumeAccess } from "../answers.ts";
import { keyringText, userOf } from "../keys.ts";
import type { Found } from "./types.ts";

const monsSchema = v.object({
  mons: v.array(
    v.object({
      public_addrs: v.object({
        addrvec: v.array(v.object({ type: v.string(), addr: v.string() })),
      }),
    }),
  ),
});

/** Addresses of the monitors, such as 10.0.0.1:3300: those of msgr2, since it alone can be encrypted. */
export async function monitors(ceph: Pick<Ceph, "mon">): Promise<string[]> {
  return v
    .parse(monsSchema, await ceph.mon("mon dump"))
    .mons.flatMap(({ public_addrs }) => public_addrs.addrvec)
    .filter(({ type }) => type === "v2")
    .map(({ addr }) => addr);
}

/** @param secret of the tenant's key; it is in the keyring and nowhere else */
export async function fileAccess(
  ceph: Pick<Ceph, "mon">,
  { tenant, fileSystem }: { tenant: string; fileSystem: string },
  { path }: Found,
  secret: string,
): Promise<VolumeAccess> {
  const user = userOf(tenant);
  const options = `name=${user},secretfile=KEYFILE,fs=${fileSystem},ms_mode=secure`;
  const mount = `mount -t ceph ${(await monitors(ceph)).join(",")}:${path} DIRECTORY -o ${options}`;
  return { kind: "file", user, keyring: keyringText(tenant, secret), mount, fileSystem, path };
}
