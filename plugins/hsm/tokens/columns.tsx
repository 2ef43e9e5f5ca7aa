/** What the table of tokens can show. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { TokenRow } from "../../../agent/hsm/tokens/answers.ts";
import { _, dateTime, ngettext, size } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { assuranceColors, assuranceName } from "../drivers/words.ts";
import { keysOf, ownerOf, tokenColors, tokenStateName } from "./words.ts";

function Troubles({ troubles }: TokenRow) {
  if (troubles.length === 0) return null;
  return (
    <div className="ds-trouble" title={troubles.join("\n")}>
      <WarningIcon /> {ngettext("$0 thing is wrong", "$0 things are wrong", troubles.length)}
    </div>
  );
}

function Keys({ row }: { row: TokenRow }) {
  const words = keysOf(row);
  if (!row.tenant) return words;
  return <a href={`#/keys?tenant=${encodeURIComponent(row.tenant)}`}>{words}</a>;
}

export function tokenColumns(): Column<TokenRow>[] {
  return [
    {
      key: "id",
      title: _("Token"),
      sort: "id",
      render: ({ id }) => <strong className="hsm-code">{id}</strong>,
    },
    { key: "tenant", title: _("Tenant"), sort: "tenant", render: ownerOf },
    {
      key: "state",
      title: _("State"),
      sort: "state",
      render: (row) => (
        <>
          <Tag color={tokenColors[row.state]}>{tokenStateName(row.state)}</Tag>
          <Troubles {...row} />
        </>
      ),
    },
    { key: "region", title: _("Region"), sort: "region", render: ({ region }) => region },
    {
      key: "assurance",
      title: _("Assurance"),
      render: ({ assurance }) => (
        <Tag color={assuranceColors[assurance.kind]}>{assuranceName(assurance)}</Tag>
      ),
    },
    {
      key: "keys",
      title: _("Keys"),
      sort: "keys",
      end: true,
      render: (row) => <Keys row={row} />,
    },
    {
      key: "serial",
      title: _("Serial"),
      render: ({ serial }) => <code className="hsm-code">{serial}</code>,
    },
    { key: "firmware", title: _("Firmware"), optional: true, render: ({ firmware }) => firmware },
    {
      key: "model",
      title: _("Model"),
      optional: true,
      render: ({ manufacturer, model }) => `${manufacturer} ${model}`,
    },
    {
      key: "free",
      title: _("Free"),
      optional: true,
      end: true,
      render: ({ freeBytes }) => (freeBytes === null ? _("not told") : size(freeBytes / 1024)),
    },
    {
      key: "created",
      title: _("Made"),
      sort: "createdAt",
      optional: true,
      render: ({ createdAt }) => createdAt && dateTime(createdAt),
    },
  ];
}
