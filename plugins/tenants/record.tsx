/** Who did what to a tenant, newest first. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useEffect, useState } from "react";
import { type AuditEntry, audit } from "../../agent/audit/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Entries } from "../lib/entries.tsx";
import { toPageError } from "../lib/errors.ts";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import { Failure, Loading, Nothing } from "../lib/states.tsx";
import { toast } from "../lib/toasts.tsx";

const perLoad = 50;

export function RecordTab({ tenant }: { tenant: string }) {
  const load = (cursor: string) => client(audit).ListTenant(tenant, { cursor, limit: perLoad });
  const query = useQuery(`record ${tenant}`, () => load(""));
  const [older, setOlder] = useState<AuditEntry[]>([]);
  const [next, setNext] = useState("");
  const { data } = query;
  useEffect(() => {
    setOlder([]);
    setNext(data?.next ?? "");
  }, [data]);
  if (!data)
    return query.error ? <Failure error={query.error} retry={query.refresh} /> : <Loading />;
  const rows = [...data.rows, ...older];
  if (rows.length === 0) {
    return (
      <Nothing title={_("Nothing on record")}>{_("Every act on it will stand here.")}</Nothing>
    );
  }
  const more = async () => {
    try {
      const page = await load(next);
      setOlder([...older, ...page.rows]);
      setNext(page.next);
    } catch (cause) {
      toast("danger", _("Older entries could not be read"), toPageError(cause).message);
    }
  };
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <Button variant="secondary" onClick={query.refresh}>
          {_("Read again")}
        </Button>
        <CommandHelp
          label={_("About the record")}
          text={_(
            "Each act is recorded before it takes place and again with its outcome. Every line holds the SHA3-512 of the line before.",
          )}
          commands={[commandOf(audit, "ListTenant", [tenant, {}])]}
        />
      </div>
      <Entries rows={rows} />
      {next && (
        <div>
          <Button variant="link" onClick={more}>
            {_("Show older entries")}
          </Button>
        </div>
      )}
    </div>
  );
}
