/** Words and ways for what ends: what it is, how soon, and on which page it is dealt with. */
import type { Ending, EndingSource, Expiring } from "../../../agent/node/expiring/answers.ts";
import { _, format, number } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export function kindName(kind: Ending["kind"]): string {
  const names = {
    authority: _("Certificate authority"),
    certificate: _("Certificate"),
    revocationList: _("List of revoked certificates"),
    keyRotation: _("Key to be rotated"),
    keyEnd: _("Key"),
    keyDestruction: _("Key to be destroyed"),
    ceremony: _("Key ceremony"),
    request: _("Request for a second person"),
    invitation: _("Invitation of a node"),
    clusterCertificate: _("Certificate of the cluster"),
    firewall: _("Firewall on trial"),
    policy: _("SELinux policy on trial"),
    tenant: _("Tenant to be removed"),
    volume: _("Volume to be removed"),
    cephFlag: _("Stopped in Ceph for a while"),
  };
  return names[kind];
}

export function sourceName(source: EndingSource): string {
  const names = {
    keys: _("keys"),
    certificates: _("certificates"),
    ceremonies: _("key ceremonies"),
    requests: _("requests"),
    invitations: _("invitations"),
    clusterCertificate: _("the cluster’s certificate"),
    firewall: _("the firewall"),
    policy: _("the SELinux policy"),
    tenants: _("tenants"),
    volumes: _("volumes"),
    flags: _("what is stopped in Ceph"),
  };
  return names[source];
}

const dayMs = 86_400_000;

/** How near it is; the words beside it say the same. @param now milliseconds since 1970 */
export function nearness(endsAt: string, now: number): TagColor {
  const left = Date.parse(endsAt) - now;
  if (left <= dayMs) return "red";
  return left <= 7 * dayMs ? "orange" : "grey";
}

interface Way {
  page: string;
  at: string;
}

/** Lists begin with what has the thing's name in it. */
const ways: Partial<Record<Ending["kind"], Way & { searched?: boolean }>> = {
  authority: { page: "hsm", at: "certificates" },
  certificate: { page: "hsm", at: "certificates", searched: true },
  revocationList: { page: "hsm", at: "certificates" },
  keyRotation: { page: "hsm", at: "keys", searched: true },
  keyEnd: { page: "hsm", at: "keys", searched: true },
  keyDestruction: { page: "hsm", at: "keys", searched: true },
  ceremony: { page: "hsm", at: "ceremonies" },
  policy: { page: "selinux", at: "" },
  tenant: { page: "tenants", at: "?state=deleting" },
  volume: { page: "ceph", at: "volumes" },
  cephFlag: { page: "ceph", at: "actions" },
};

/** Requests are carried out where they were made; all but these on the overview itself. */
const requestPages = ["hsm", "ceph", "selinux"];

/** Undefined for what is dealt with on the overview, or by its command alone. */
export function wayTo({ kind, subsystem, name }: Ending): Way | undefined {
  const way = ways[kind];
  if (way?.searched) return { page: way.page, at: `${way.at}?text=${encodeURIComponent(name)}` };
  if (kind !== "request") return way;
  return requestPages.includes(subsystem) ? { page: subsystem, at: "" } : undefined;
}

export interface MissingLine {
  sources: string;
  text: string;
}

/** What is missing, each reason once with all that it keeps from being told. */
export function missingLines(missing: Expiring["missing"]): MissingLine[] {
  const found = new Map<string, Set<string>>();
  for (const { source, text } of missing) {
    found.set(text, (found.get(text) ?? new Set()).add(sourceName(source)));
  }
  return [...found].map(([text, sources]) => ({ sources: [...sources].join(", "), text }));
}

/** What there is, in a sentence. Where something is missing, nobody says that nothing ends. */
export function summary({ total, days, missing }: Expiring): string {
  if (total > 0) return "";
  return missing.length > 0
    ? format(_("Of what could be read, nothing ends in the next $0 days."), number(days))
    : format(_("Nothing ends in the next $0 days."), number(days));
}
