/** Which member revokes a certificate: with an authority goes everything that it issued. */
import type { Call } from "../../bus/call.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Issued } from "./issued.ts";

/** The member of the contract for authorities, which needs a second person. */
const ofAuthorities = "hsm.RevokeAuthority";

/** @throws DsecosError Denied for an authority, where no second person was asked */
export function requireRevocable({ member }: Call, { profile, serial }: Issued): void {
  const isAuthority = profile === "agency" || profile === "authority";
  if (isAuthority === (member === ofAuthorities)) return;
  if (isAuthority) {
    const what = `${serial} is an authority, with which everything goes that it issued; an officer asks for RevokeAuthority, and a second person decides.`;
    throw new DsecosError("Denied", what);
  }
  const what = `${serial} is no authority; ask for Revoke, which needs no second person.`;
  throw new DsecosError("InvalidArgument", what);
}
