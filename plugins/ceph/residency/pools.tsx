/** What was proved of each pool: those that leave first, and those that stay in one line. */
import { useState } from "react";
import type { PoolVerdict } from "../../../agent/ceph/residency/verdict.ts";
import { verdictColors } from "../../lib/assurance.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { checkOf, matching, outcomeName, partName, parts } from "../../lib/residency.ts";
import { SearchField } from "../../lib/search.tsx";
import { Tag } from "../../lib/tag.tsx";

/** Reasons that are shown of each pool, and pools of each kind. */
const mostFindings = 5;
const mostPools = 100;
/** More are searched than looked through. */
const searchedFrom = 10;

export function PoolVerdicts({ pools }: { pools: readonly PoolVerdict[] }) {
  const [text, setText] = useState("");
  const found = matching(pools, text);
  const proven = found.filter(({ verdict }) => verdict === "proven");
  // Who searches wants to see what was found.
  const isSearched = text.trim() !== "";
  return (
    <>
      {pools.length >= searchedFrom && (
        <SearchField
          label={_("Search in pools, jurisdictions and reasons")}
          text={text}
          maximum={200}
          change={setText}
        />
      )}
      {isSearched && found.length === 0 && <p role="status">{_("No pool matches")}</p>}
      <List pools={found.filter(({ verdict }) => verdict === "violated")} />
      <List pools={found.filter(({ verdict }) => verdict === "unknown")} />
      {proven.length > 0 && <Proven key={String(isSearched)} pools={proven} opened={isSearched} />}
    </>
  );
}

/** Drawn when it is opened: most pools of a large cluster are proven. */
function Proven({ pools, opened }: { pools: readonly PoolVerdict[]; opened: boolean }) {
  const [isOpen, setOpen] = useState(opened);
  return (
    <details
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      data-proven={pools.length}
    >
      <summary>
        <Tag color="green">{outcomeName("proven")}</Tag>{" "}
        {ngettext("$0 pool stays where it must", "$0 pools stay where they must", pools.length)}
      </summary>
      {isOpen && (
        <div className="ce-commands">
          <List pools={pools} />
        </div>
      )}
    </details>
  );
}

function List({ pools }: { pools: readonly PoolVerdict[] }) {
  if (pools.length === 0) return null;
  const hidden = pools.length - mostPools;
  return (
    <ul className="ce-pools">
      {pools.slice(0, mostPools).map((pool) => (
        <Pool key={pool.pool} pool={pool} />
      ))}
      {hidden > 0 && (
        <li className="ds-subtle">
          {ngettext(
            "and $0 more, which a search finds",
            "and $0 more, which a search finds",
            hidden,
          )}
        </li>
      )}
    </ul>
  );
}

function Pool({ pool }: { pool: PoolVerdict }) {
  const { pool: name, allowed, verdict, findings, total, counts } = pool;
  const hidden = total - Math.min(total, mostFindings, findings.length);
  return (
    <li data-pool={name} data-verdict={verdict}>
      <div className="ds-job-head">
        <Tag color={verdictColors[checkOf(verdict)]}>{outcomeName(verdict)}</Tag>
        <strong className="ce-code">{name}</strong>
        <span className="ds-subtle">
          {allowed.length > 0
            ? format(_("may be in $0"), allowed.join(", "))
            : _("nobody signed where it may be")}{" "}
          ·{" "}
          {ngettext(
            "its rule could choose $0 OSD",
            "its rule could choose $0 OSDs",
            counts.possible,
          )}
        </span>
      </div>
      <ul className="ce-counts">
        {parts.map((part) => (
          <li key={part} data-part={part} data-verdict={pool.parts[part]}>
            <Tag color={verdictColors[checkOf(pool.parts[part])]}>
              {outcomeName(pool.parts[part])}
            </Tag>{" "}
            {partName(part)}
          </li>
        ))}
      </ul>
      {findings.slice(0, mostFindings).map(({ sentence }) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {hidden > 0 && (
        <p className="ds-subtle">{ngettext("and $0 more reason", "and $0 more reasons", hidden)}</p>
      )}
    </li>
  );
}
