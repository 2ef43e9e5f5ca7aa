/** The authorities, each with how long it holds, what it issued and what is wrong with it. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { Authorities, AuthorityRow } from "../../../agent/hsm/pki/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { type Access, useAccess } from "../../lib/capabilities.tsx";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { useRowMenu } from "../../lib/row-menu.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { openDialog } from "./open.tsx";
import { saveChain, saveList, saveRoot } from "./save.ts";
import { endsIn, ownerName, stateColors, stateName } from "./words.ts";

function columns(): Column<AuthorityRow>[] {
  return [
    {
      key: "tenant",
      title: _("Authority"),
      render: ({ tenant, subject }) => (
        <>
          <strong>{ownerName(tenant)}</strong>
          <div className="ds-subtle">{subject}</div>
        </>
      ),
    },
    {
      key: "state",
      title: _("State"),
      render: ({ state, alarms }) => (
        <>
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          {alarms.length > 0 && (
            <div className="ds-trouble" title={alarms.join("\n")}>
              <WarningIcon /> {_("not whole")}
            </div>
          )}
        </>
      ),
    },
    {
      key: "ends",
      title: _("Ends"),
      render: ({ notAfter, daysLeft, former }) => (
        <>
          <span title={dateTime(notAfter)}>{endsIn(daysLeft)}</span>
          {former.length > 0 && (
            <div
              className="ds-subtle"
              title={former.map((key) => dateTime(key.notAfter)).join("\n")}
            >
              {format(
                ngettext("$0 former key still holds", "$0 former keys still hold", former.length),
                former.length,
              )}
            </div>
          )}
        </>
      ),
    },
    {
      key: "issued",
      title: _("Certificates"),
      end: true,
      render: ({ tenant, counts }) => (
        <a href={`#/certificates?tenant=${encodeURIComponent(tenant)}`}>
          {number(counts.valid + counts.expiring)}
        </a>
      ),
    },
    {
      key: "soon",
      title: _("Ending soon"),
      end: true,
      render: ({ tenant, counts }) =>
        counts.expiring === 0 ? (
          number(0)
        ) : (
          <a href={`#/certificates?tenant=${encodeURIComponent(tenant)}&state=expiring`}>
            {number(counts.expiring)}
          </a>
        ),
    },
    { key: "revoked", title: _("Revoked"), end: true, render: (row) => number(row.counts.revoked) },
    {
      key: "signature",
      title: _("Signs with"),
      render: ({ postQuantum, token }) => (
        <>
          {postQuantum ? _("P-384 and ML-DSA-65") : _("P-384")}
          <div className="ds-subtle hsm-code">{token}</div>
        </>
      ),
    },
  ];
}

function menuOf(row: AuthorityRow, access: Access): MenuEntry[] {
  const { tenant } = row;
  return [
    { key: "chain", label: _("Save the chain"), run: () => void saveChain(tenant) },
    { key: "root", label: _("Save the root’s certificate"), run: () => void saveRoot(tenant) },
    { key: "list", label: _("Save the list of revoked ones"), run: () => void saveList(tenant) },
    {
      key: "roll",
      label: _("Roll over to a new key"),
      why: access.why(hsm, "authority"),
      run: () => void openDialog(({ RollDialog }) => <RollDialog row={row} />),
    },
  ];
}

export function AuthorityPanel({ answer, stale }: { answer: Authorities; stale: boolean }) {
  const access = useAccess();
  const { openMenu, menu } = useRowMenu((row: AuthorityRow) => menuOf(row, access));
  const hasRoot = answer.rows.some(({ tenant }) => tenant === "=node");
  const create = (
    <ActionButton
      why={access.why(hsm, "authority")}
      onClick={() =>
        openDialog(({ CreateAuthorityDialog }) => <CreateAuthorityDialog root={hasRoot} />)
      }
    >
      {hasRoot ? _("Make an authority") : _("Make the root")}
    </ActionButton>
  );
  return (
    <section className="ds-panel ds-stack">
      <div className="ds-toolbar">
        <h2>{_("Authorities")}</h2>
        <span className="ds-grow" />
        {create}
      </div>
      <Alarms answer={answer} />
      {answer.rows.length === 0 ? (
        <p className="ds-subtle">
          {_(
            "There is no authority yet. The node’s root comes first: it signs the authorities of tenants, whose keys are in their own tokens.",
          )}
        </p>
      ) : (
        <Table
          label={_("Authorities")}
          columns={columns()}
          rows={answer.rows}
          keyOf={({ tenant }) => tenant}
          stale={stale}
          openMenu={openMenu}
        />
      )}
      {menu}
    </section>
  );
}

function Alarms({ answer: { rows, unreachable, compared } }: { answer: Authorities }) {
  const alarms = [
    ...rows.flatMap(({ tenant, alarms: own }) =>
      own.map((alarm) => format(_("$0: $1"), ownerName(tenant), alarm)),
    ),
    ...unreachable,
    ...(compared.state === "failed" ? [compared.reason] : []),
  ];
  if (alarms.length === 0) return null;
  return (
    <div className="hsm-trouble" role="alert">
      <ul className="hsm-names">
        {alarms.map((alarm) => (
          <li key={alarm}>{alarm}</li>
        ))}
      </ul>
    </div>
  );
}
