/** Columns of the lists of settings. */
import { selinux } from "../../../agent/selinux/contract.ts";
import type { Settings } from "../../../agent/selinux/settings/answers.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import type { Access } from "../../lib/capabilities.tsx";
import { showDialog } from "../../lib/dialog.tsx";
import { _, format, number } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { BooleanDialog } from "./boolean.tsx";

type Row<K extends keyof Settings> = Settings[K] extends (infer T)[] ? T : never;

const onOff = (value: boolean | null) =>
  value === null ? _("unknown") : value ? _("on") : _("off");

function Now({ row: { current, pending, default: next } }: { row: Row<"booleans"> }) {
  return (
    <>
      <Tag color={current ? "blue" : "grey"}>{onOff(current)}</Tag>
      {pending !== current && (
        <div className="ds-trouble">{format(_("about to be $0"), onOff(pending))}</div>
      )}
      {next !== null && current !== null && next !== current && (
        <div className="ds-trouble">{format(_("$0 at the next start"), onOff(next))}</div>
      )}
    </>
  );
}

export function booleanColumns({ why }: Access): Column<Row<"booleans">>[] {
  const notAllowed = why(selinux, "settings");
  return [
    { key: "name", title: _("Boolean"), render: ({ name }) => <code>{name}</code> },
    { key: "now", title: _("Now"), render: (row) => <Now row={row} /> },
    {
      key: "description",
      title: _("What it is for"),
      wrap: true,
      render: ({ description }) =>
        description || <span className="ds-subtle">{_("The policy does not say.")}</span>,
    },
    { key: "rules", title: _("Rules"), end: true, render: ({ rules }) => number(rules) },
    {
      key: "set",
      title: _("Set"),
      render: ({ name, current }) => (
        <ActionButton
          variant="secondary"
          size="sm"
          aria-label={format(current ? _("Switch off $0") : _("Switch on $0"), name)}
          why={notAllowed ?? (current === null ? _("No policy is loaded.") : undefined)}
          onClick={() => showDialog(<BooleanDialog name={name} value={!current} />)}
        >
          {current ? _("Switch off") : _("Switch on")}
        </ActionButton>
      ),
    },
  ];
}

const code = (text: string) => <code className="se-code">{text}</code>;

export function userColumns(): Column<Row<"users">>[] {
  return [
    { key: "name", title: _("SELinux user"), render: ({ name }) => code(name) },
    { key: "roles", title: _("Roles"), wrap: true, render: ({ roles }) => code(roles.join(" ")) },
    { key: "level", title: _("Level"), render: ({ level }) => code(level) },
    { key: "range", title: _("Range"), render: ({ range }) => code(range) },
  ];
}

export function loginColumns(): Column<Row<"logins">>[] {
  return [
    {
      key: "login",
      title: _("Login"),
      render: ({ login }) => (login === "__default__" ? _("all others") : login),
    },
    { key: "user", title: _("SELinux user"), render: ({ user }) => code(user) },
    { key: "range", title: _("Range"), render: ({ range }) => code(range) },
  ];
}

export function portColumns(): Column<Row<"ports">>[] {
  return [
    { key: "type", title: _("Type"), render: ({ type }) => code(type) },
    { key: "protocol", title: _("Protocol"), render: ({ protocol }) => protocol },
    { key: "range", title: _("Ports"), render: ({ range }) => range },
  ];
}

export function fileSystemColumns(): Column<Row<"fileSystems">>[] {
  return [
    { key: "name", title: _("File system"), render: ({ name, path }) => code(`${name} ${path}`) },
    { key: "how", title: _("Labels come from"), render: ({ how }) => howName(how) },
    { key: "type", title: _("Type"), render: ({ type }) => code(type) },
  ];
}

function howName(how: string): string {
  const names: Record<string, string> = {
    xattr: _("each file"),
    task: _("the process that makes it"),
    transition: _("rules about new objects"),
    genfs: _("the policy"),
  };
  return names[how] ?? how;
}
