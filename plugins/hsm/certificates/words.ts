/** What the page calls certificates, their states and the reasons for which they are revoked. */
import type { CertificateRow, CertificateState, Profile } from "../../../agent/hsm/pki/answers.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const stateColors: Record<CertificateState, TagColor> = {
  valid: "green",
  expiring: "orange",
  expired: "grey",
  revoked: "red",
};

export function stateName(state: CertificateState): string {
  const names: Record<CertificateState, string> = {
    valid: _("valid"),
    expiring: _("ends soon"),
    expired: _("ended"),
    revoked: _("revoked"),
  };
  return names[state];
}

export function profileName(profile: Profile): string {
  const names: Record<Profile, string> = {
    person: _("person"),
    service: _("service"),
    agency: _("authority of an agency"),
    authority: _("authority of a tenant"),
  };
  return names[profile];
}

export const revocations = [
  "unspecified",
  "keyCompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
] as const;
export type RevocationReason = (typeof revocations)[number];

export function revocationName(reason: RevocationReason): string {
  const names: Record<RevocationReason, string> = {
    unspecified: _("for another reason"),
    keyCompromise: _("others may have the private key"),
    affiliationChanged: _("the person or service belongs elsewhere now"),
    superseded: _("another certificate took its place"),
    cessationOfOperation: _("it is not needed any more"),
  };
  return names[reason];
}

export function ownerName(tenant: string): string {
  return tenant === "=node" ? _("this node’s root") : tenant;
}

/** “in 12 days”, “today”, “3 days ago” */
export function endsIn(daysLeft: number): string {
  if (daysLeft < 0) return format(ngettext("$0 day ago", "$0 days ago", -daysLeft), -daysLeft);
  if (daysLeft === 0) return _("today");
  return format(ngettext("in $0 day", "in $0 days", daysLeft), daysLeft);
}

/** An authority is another's matter: with it goes what it issued. */
export function isLeaf({ profile }: CertificateRow): boolean {
  return profile === "person" || profile === "service";
}
