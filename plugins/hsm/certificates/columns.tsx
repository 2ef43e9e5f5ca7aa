/** What the table of certificates can show. */
import type { CertificateRow } from "../../../agent/hsm/pki/answers.ts";
import { _, dateTime, format } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { endsIn, ownerName, profileName, revocationName, stateColors, stateName } from "./words.ts";

export function certificateColumns(): Column<CertificateRow>[] {
  return [
    {
      key: "name",
      title: _("Issued to"),
      sort: "name",
      render: ({ name, hosts }) => (
        <>
          <strong>{name}</strong>
          {hosts.length > 0 && <div className="ds-subtle hsm-code">{hosts.join(", ")}</div>}
        </>
      ),
    },
    { key: "tenant", title: _("Tenant"), render: ({ tenant }) => ownerName(tenant) },
    { key: "profile", title: _("Kind"), render: ({ profile }) => profileName(profile) },
    {
      key: "state",
      title: _("State"),
      render: ({ state, revocation, revokedAt }) => (
        <>
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          {revocation && revokedAt && (
            <div className="ds-subtle" title={dateTime(revokedAt)}>
              {revocationName(revocation)}
            </div>
          )}
        </>
      ),
    },
    {
      key: "ends",
      title: _("Ends"),
      sort: "notAfter",
      render: ({ notAfter, daysLeft }) => (
        <span title={dateTime(notAfter)}>{endsIn(daysLeft)}</span>
      ),
    },
    {
      key: "issued",
      title: _("Issued"),
      sort: "notBefore",
      render: ({ notBefore }) => dateTime(notBefore),
    },
    {
      key: "serial",
      title: _("Serial number"),
      render: ({ serial }) => (
        <code className="hsm-code" title={serial}>
          {format(_("$0…"), serial.slice(0, 12))}
        </code>
      ),
    },
    {
      key: "uri",
      title: _("SPIFFE id"),
      optional: true,
      wrap: true,
      render: ({ uri }) => <code className="hsm-code">{uri}</code>,
    },
    {
      key: "fingerprint",
      title: _("Fingerprint"),
      optional: true,
      render: ({ fingerprint }) => (
        <code className="hsm-code" title={fingerprint}>
          {fingerprint.slice(0, 16)}
        </code>
      ),
    },
  ];
}
