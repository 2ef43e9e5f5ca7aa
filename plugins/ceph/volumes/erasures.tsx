/** Certificates of a tenant's disks whose keys were destroyed. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { ErasurePage } from "../../../agent/ceph/volumes/answers.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, ngettext } from "../../lib/i18n.ts";
import { saveText } from "../../lib/save.ts";
import { Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { changes } from "./changes.ts";

type Erasure = ErasurePage["rows"][number];

const everyMs = 60_000;

function columns(): Column<Erasure>[] {
  return [
    { key: "volume", title: _("Volume"), render: ({ volume }) => <strong>{volume}</strong> },
    { key: "erased", title: _("Erased"), render: ({ erasedAt }) => dateTime(erasedAt) },
    {
      key: "people",
      title: _("Asked and approved"),
      wrap: true,
      render: ({ requestedBy, approvedBy, reason }) => (
        <>
          {[requestedBy, ...approvedBy].join(", ")}
          <div className="ds-subtle">{reason}</div>
        </>
      ),
    },
    {
      key: "given",
      title: _("Passphrase given out"),
      render: ({ given }) => (given === 0 ? _("never") : ngettext("$0 time", "$0 times", given)),
    },
    {
      key: "save",
      title: _("Certificate"),
      render: (erasure) => (
        <Button
          variant="link"
          isInline
          onClick={() =>
            saveText(
              `erasure-${erasure.tenant}-${erasure.volume}.json`,
              `${JSON.stringify(erasure, null, 2)}\n`,
              "application/json",
            )
          }
        >
          {format(_("Download that of $0"), erasure.volume)}
        </Button>
      ),
    },
  ];
}

/** Nothing is shown where nothing was erased. */
export function Erasures({ tenant }: { tenant: string }) {
  const query = useQuery(`erasures ${tenant}`, () => client(ceph).Erasures(tenant, ""), {
    ...{ every: everyMs, changes },
  });
  const { data, error } = query;
  if (!data || data.rows.length === 0) return <Stale error={error} />;
  return (
    <section className="ds-stack" data-erasures={data.rows.length}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Erased for good")}</h2>
      <Stale error={error} />
      <Table
        label={_("Certificates of erasure")}
        columns={columns()}
        rows={data.rows}
        keyOf={({ volume, erasedAt }) => `${volume} ${erasedAt}`}
      />
      {data.next && <Command text={commandOf(ceph, "Erasures", [tenant, data.next])} />}
    </section>
  );
}
