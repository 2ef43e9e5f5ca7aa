/** The measured start: registers beside what is expected, what differs, and accepting it. */
import { useState } from "react";
import { reasonSchema } from "../../agent/hsm/keys/answers.ts";
import type { BootReport } from "../../agent/node/boot/answers.ts";
import { node } from "../../agent/node/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { askFor } from "../lib/ask.ts";
import { useAccess } from "../lib/capabilities.tsx";
import { problemOf } from "../lib/check.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import { SecondPerson } from "../lib/second-person.tsx";
import { Failure, Loading } from "../lib/states.tsx";
import { type Column, Table } from "../lib/table.tsx";
import { Tag } from "../lib/tag.tsx";

type Register = BootReport["registers"][number];
type Measurement = BootReport["gone"][number] & { key: string; change: "new" | "gone" | "" };

export function BootDialog() {
  const query = useQuery("boot", () => client(node).Boot());
  const { data, error } = query;
  return (
    <Dialog title={_("What was measured at the start")} size="large">
      {data ? (
        <Report report={data} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading rows={3} />
      )}
      <Command text={commandOf(node, "Boot", [])} />
    </Dialog>
  );
}

function Report({ report }: { report: BootReport }) {
  const access = useAccess();
  const { state, problem, registers, accepted, hash } = report;
  if (state !== "measured") return <p>{problem}</p>;
  const nothing = hash === "" ? _("The log does not explain all registers.") : undefined;
  return (
    <>
      <p>
        {accepted === null
          ? _("Nobody has accepted a start of this node as the expected one.")
          : format(
              _("Expected is what $0 accepted on $1, approved by $2: $3"),
              accepted.by,
              dateTime(accepted.at),
              accepted.approvers.join(", "),
              accepted.reason,
            )}
      </p>
      <Table
        label={_("Registers of the TPM")}
        columns={registerColumns()}
        rows={registers}
        keyOf={({ pcr }) => String(pcr)}
      />
      <Table
        label={_("Measurements")}
        columns={measurementColumns()}
        rows={measurementsOf(report)}
        keyOf={({ key }) => key}
      />
      <div>
        <ActionButton
          variant="secondary"
          why={access.why(node, "boot") ?? nothing}
          onClick={() => showDialog(<AcceptDialog hash={hash} />)}
        >
          {_("Accept this start as the expected one")}
        </ActionButton>
      </div>
    </>
  );
}

/** What differs stands first. */
function measurementsOf({ events, gone }: BootReport): Measurement[] {
  const now = events.map(({ isNew, ...event }, index): Measurement => {
    return { ...event, key: `now ${index}`, change: isNew ? "new" : "" };
  });
  const before = gone.map((event, index): Measurement => {
    return { ...event, key: `before ${index}`, change: "gone" };
  });
  const isChanged = ({ change }: Measurement) => change !== "";
  return [...before, ...now.filter(isChanged), ...now.filter((one) => !isChanged(one))];
}

function registerColumns(): Column<Register>[] {
  return [
    { key: "pcr", title: _("Register"), end: true, render: ({ pcr }) => number(pcr) },
    {
      key: "holds",
      title: _("What is measured into it"),
      wrap: true,
      render: ({ holds }) => holds,
    },
    { key: "state", title: _("State"), render: (register) => <State register={register} /> },
    { key: "value", title: _("Value"), render: ({ value }) => <Hash text={value} /> },
    { key: "expected", title: _("Expected"), render: ({ expected }) => <Hash text={expected} /> },
  ];
}

function State({ register: { explained, value, expected } }: { register: Register }) {
  if (!explained) return <Tag color="red">{_("not explained by the log")}</Tag>;
  if (expected === "") return <Tag color="orange">{_("explained, nothing expected")}</Tag>;
  return value === expected ? (
    <Tag color="green">{_("as expected")}</Tag>
  ) : (
    <Tag color="red">{_("another value")}</Tag>
  );
}

function measurementColumns(): Column<Measurement>[] {
  return [
    { key: "pcr", title: _("Register"), end: true, render: ({ pcr }) => number(pcr) },
    { key: "change", title: _("Change"), render: ({ change }) => <Change change={change} /> },
    { key: "type", title: _("Kind"), render: ({ type }) => <code>{type}</code> },
    { key: "what", title: _("What the firmware says"), wrap: true, render: ({ what }) => what },
    { key: "digest", title: _("Hash"), render: ({ digest }) => <Hash text={digest} /> },
  ];
}

function Change({ change }: Pick<Measurement, "change">) {
  if (change === "") return null;
  return <Tag color="red">{change === "new" ? _("new") : _("gone")}</Tag>;
}

/** Enough of it to compare by eye; the command line shows it whole. */
function Hash({ text }: { text: string }) {
  return <code title={text}>{text.slice(0, 16)}</code>;
}

function AcceptDialog({ hash }: { hash: string }) {
  const [reason, setReason] = useState("");
  const problem = problemOf(reasonSchema, reason);
  return (
    <Dialog
      title={_("Accept this start as the expected one")}
      action={_("Accept it")}
      invalid={problem !== ""}
      run={() =>
        askFor(() => client(node).AcceptBoot(hash, reason), _("This start is the expected one"))
      }
    >
      <SecondPerson />
      <p>
        {_(
          "From then on every start that measures something else is an alarm. Accept only what you can explain: a first start, or an update that you know of.",
        )}
      </p>
      <p>
        {_("Hash of all registers:")} <code className="ds-read">{hash}</code>
      </p>
      <TextField
        label={_("Reason")}
        required
        autoFocus
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
      {problem === "" && <Command text={commandOf(node, "AcceptBoot", [hash, reason])} />}
    </Dialog>
  );
}
