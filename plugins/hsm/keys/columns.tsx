/** What the table of keys can show. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { KeyRow } from "../../../agent/hsm/keys/answers.ts";
import type { TokenState } from "../../../agent/hsm/tokens/answers.ts";
import { _, dateTime, format, number, relativeTime } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { tokenStateName } from "../tokens/words.ts";
import type { AwayTokens } from "./away.ts";
import { keyAddress } from "./view.ts";
import { algorithmName, keyColors, keyStateName, protectionName, purposeName } from "./words.ts";

export function KeyState({ row, away }: { row: KeyRow; away?: TokenState | undefined }) {
  const { state, destroyAt, frozen } = row;
  return (
    <>
      <Tag color={keyColors[state]}>{keyStateName(state)}</Tag>
      {destroyAt && state !== "destroyed" && (
        <div className="ds-trouble" title={dateTime(destroyAt)}>
          <WarningIcon /> {format(_("destroyed $0"), relativeTime(destroyAt))}
        </div>
      )}
      {away && (
        <div className="ds-trouble">
          <WarningIcon /> {format(_("token: $0"), tokenStateName(away))}
        </div>
      )}
      {frozen && (
        <div className="ds-trouble" title={frozen}>
          <WarningIcon /> {_("must not be used")}
        </div>
      )}
    </>
  );
}

/** A time that is still to come, with what is over marked as such. */
function Due({ at }: { at: string | undefined }) {
  if (!at) return <span className="ds-subtle">{_("never")}</span>;
  const over = Date.parse(at) < Date.now();
  return (
    <span title={dateTime(at)} className={over ? "hsm-weak" : ""}>
      {relativeTime(at)}
    </span>
  );
}

/** @param away tokens that cannot be used now */
export function keyColumns(away: AwayTokens): Column<KeyRow>[] {
  return [
    {
      key: "name",
      title: _("Key"),
      sort: "name",
      render: ({ tenant, name }) => (
        <a className="ds-name" href={keyAddress(tenant, name)}>
          {name}
        </a>
      ),
    },
    { key: "tenant", title: _("Tenant"), sort: "tenant", render: ({ tenant }) => tenant },
    {
      key: "state",
      title: _("State"),
      sort: "state",
      render: (row) => <KeyState row={row} away={away.get(row.token)} />,
    },
    {
      key: "algorithm",
      title: _("Algorithm"),
      sort: "algorithm",
      render: ({ algorithm, purpose }) => (
        <>
          {algorithmName(algorithm)}
          <div className="ds-subtle">{purposeName(purpose)}</div>
        </>
      ),
    },
    {
      key: "protection",
      title: _("Protection"),
      wrap: true,
      render: ({ protection }) => protectionName(protection),
    },
    { key: "region", title: _("Region"), render: ({ region }) => region },
    { key: "version", title: _("Version"), end: true, render: ({ version }) => number(version) },
    {
      key: "rotate",
      title: _("Rotation due"),
      sort: "rotateAt",
      render: ({ rotateAt }) => <Due at={rotateAt} />,
    },
    {
      key: "expire",
      title: _("Expires"),
      sort: "expireAt",
      render: ({ expireAt }) => <Due at={expireAt} />,
    },
    {
      key: "token",
      title: _("Token"),
      optional: true,
      render: ({ token }) => <code className="hsm-code">{token}</code>,
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
    {
      key: "created",
      title: _("Made"),
      sort: "createdAt",
      optional: true,
      render: ({ createdAt, createdBy }) => (
        <>
          {dateTime(createdAt)}
          <div className="ds-subtle">{format(_("by $0"), createdBy)}</div>
        </>
      ),
    },
  ];
}
