/** Latest acts on record: of everybody for auditors, else one's own. */
import { audit } from "../../agent/audit/contract.ts";
import { useAccess } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { Entries } from "../lib/entries.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";

/** Without what was only read, which would be most. */
const filter = { acts: true, cursor: "", limit: 10 };
const everyMs = 30_000;

export function Acts() {
  const { who, why } = useAccess();
  if (!who) return null;
  return <Shown all={why(audit, "read") === undefined} />;
}

function Shown({ all }: { all: boolean }) {
  const api = client(audit);
  // Reading the whole log is itself on record, so it is not asked for again and again.
  const { data, error } = useQuery(
    `acts ${all}`,
    () => (all ? api.List(filter) : api.ListOwn(filter)),
    all ? {} : { every: everyMs },
  );
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{all ? _("Latest acts") : _("Your latest acts")}</h2>
      {error && <p className="ds-bad">{error.message}</p>}
      {data?.rows.length === 0 && <p className="ds-subtle">{_("None yet.")}</p>}
      {data && data.rows.length > 0 && <Entries rows={data.rows} />}
    </section>
  );
}
