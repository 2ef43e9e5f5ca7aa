/** A tenant's month: what is on record of its keys against what the driver counted. */

import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import FileIcon from "@patternfly/react-icons/dist/esm/icons/file-alt-icon";
import { useRef } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { Statement, StatementRow } from "../../../agent/hsm/statement/members.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, number } from "../../lib/i18n.ts";
import { adjust, first } from "../../lib/location.ts";
import { MayNot } from "../../lib/may-not.tsx";
import { saveText } from "../../lib/save.ts";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import type { Part, PartProps } from "../part.ts";
import { csvOf, differs, monthsBefore, verdictColors, verdictMeans, verdictName } from "./words.ts";

const monthsOffered = 24;

function StatementTab(props: PartProps) {
  return (
    <MayNot
      contract={hsm}
      action="statement"
      means={_("A statement tells how often each key was used, and for what.")}
    >
      <Chosen {...props} />
    </MayNot>
  );
}

function Chosen({ place }: PartProps) {
  const months = monthsBefore(Date.now(), monthsOffered);
  const tenant = first(place, "tenant").slice(0, 100);
  const month = months.find((one) => one === first(place, "month")) ?? months[0] ?? "";
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <TenantFilterField
          label={_("Tenant")}
          placeholder={_("Name of a tenant")}
          tenant={tenant}
          change={(name) => adjust({ tenant: [name] })}
        />
        <ChoiceMenu
          label={_("Month")}
          value={month}
          options={months.map((one) => [one, one])}
          change={(chosen) => adjust({ month: [chosen] })}
        />
      </div>
      {tenant === "" ? (
        <Nothing title={_("Whose statement?")} icon={FileIcon}>
          {_(
            "A statement holds the receipts of a month against the driver’s own counters. Type the tenant’s name above; that it was asked for goes on record.",
          )}
        </Nothing>
      ) : (
        <OfMonth key={`${tenant} ${month}`} tenant={tenant} month={month} />
      )}
    </div>
  );
}

/** Each time that the agent is asked goes on record: not whenever the page is seen again. */
function OfMonth({ tenant, month }: { tenant: string; month: string }) {
  const asked = useRef<Promise<Statement>>(undefined);
  const query = useQuery(`${tenant} ${month}`, () => {
    asked.current ??= client(hsm).Statement(tenant, month);
    return asked.current;
  });
  const again = () => {
    asked.current = undefined;
    query.refresh();
  };
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={again} /> : <Loading />;
  return (
    <>
      <Stale error={error} />
      <Shown statement={data} refresh={again} />
    </>
  );
}

function columns(): Column<StatementRow>[] {
  return [
    { key: "key", title: _("Key"), render: ({ key }) => <strong>{key}</strong> },
    { key: "version", title: _("Version"), end: true, render: ({ version }) => number(version) },
    { key: "operation", title: _("Act"), render: ({ operation }) => <code>{operation}</code> },
    { key: "receipts", title: _("On record"), end: true, render: (row) => number(row.receipts) },
    {
      key: "counted",
      title: _("Counted"),
      end: true,
      render: ({ counted }) => (counted === null ? _("not counted") : number(counted)),
    },
    { key: "failed", title: _("Failed"), end: true, render: ({ failed }) => number(failed) },
    {
      key: "difference",
      title: _("Difference"),
      wrap: true,
      render: (row) =>
        differs(row) ? (
          <>
            <Tag color={row.reason === "unexplained" ? "red" : "orange"}>
              {number(row.difference)}
            </Tag>{" "}
            {row.sentence}
          </>
        ) : (
          _("none")
        ),
    },
  ];
}

function Shown({ statement, refresh }: { statement: Statement; refresh: () => void }) {
  const { tenant, month, node, at, tokens, rows, own, remarks, verdict } = statement;
  const name = `${tenant}-${month}-${node}`;
  return (
    <>
      <section className="ds-panel ds-stack" data-statement={verdict}>
        <div className="ds-job-head">
          <h2 className="pf-v6-c-title pf-m-md">{format(_("$0, $1"), tenant, month)}</h2>
          <Tag color={verdictColors[verdict]}>{verdictName(verdict)}</Tag>
          <span className="ds-grow" />
          <Button
            variant="secondary"
            onClick={() =>
              saveText(
                `${name}.json`,
                `${JSON.stringify(statement, null, 2)}\n`,
                "application/json",
              )
            }
          >
            {_("Save as JSON")}
          </Button>
          <Button
            variant="secondary"
            onClick={() => saveText(`${name}.csv`, csvOf(statement), "text/csv")}
          >
            {_("Save as CSV")}
          </Button>
          <Button variant="link" onClick={refresh}>
            {_("Ask again")}
          </Button>
        </div>
        <p>{verdictMeans(verdict)}</p>
        {remarks.map((remark) => (
          <p key={remark} className="hsm-weak">
            {remark}
          </p>
        ))}
        <dl className="ds-facts">
          <dt>{_("Made")}</dt>
          <dd>{format(_("$0 on $1"), dateTime(at), node)}</dd>
          {tokens.map(({ token, from, to, readings }) => (
            <div key={token} className="hsm-fact">
              <dt>{token}</dt>
              <dd>
                {format(
                  _("$0 readings, from $1 to $2"),
                  number(readings),
                  dateTime(from),
                  dateTime(to),
                )}
              </dd>
            </div>
          ))}
        </dl>
        <Command text={commandOf(hsm, "Statement", [tenant, month])} />
      </section>
      {rows.length === 0 ? (
        <Nothing title={_("No use in this month")}>
          {_("Neither the record nor the counters have any.")}
        </Nothing>
      ) : (
        <Table
          label={_("Uses")}
          columns={columns()}
          rows={rows}
          keyOf={({ key, version, operation }) => `${key}/${version}/${operation}`}
        />
      )}
      {own.length > 0 && <Own rows={own} />}
    </>
  );
}

function Own({ rows }: { rows: Statement["own"] }) {
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("By the node itself")}</h2>
      <Table
        label={_("Uses by the node itself")}
        columns={[
          {
            key: "object",
            title: _("Object"),
            wrap: true,
            render: ({ object }) => <code className="hsm-code">{object}</code>,
          },
          {
            key: "operation",
            title: _("Act"),
            render: ({ operation }) => <code>{operation}</code>,
          },
          { key: "counted", title: _("Counted"), end: true, render: (row) => number(row.counted) },
        ]}
        rows={rows}
        keyOf={({ object, operation }) => `${object} ${operation}`}
      />
    </section>
  );
}

export const statement: Part = {
  key: "statement",
  title: () => _("Statement"),
  help: () => ({
    text: _(
      "Every use of a key leaves a receipt in the audit log, and the driver’s process counts by itself. A statement holds the two against each other for a month, and gives a reason for each difference.",
    ),
    commands: [commandOf(hsm, "Statement", ["TENANT", "2026-11"])],
  }),
  Body: StatementTab,
};
