/** What is shown of mislabelled files, processes and places. */
import type {
  LabelReportPage,
  MislabelledFile,
  WrongProcess,
} from "../../../agent/selinux/labels/answers.ts";
import { _, number } from "../../lib/i18n.ts";
import type { Column } from "../../lib/table.tsx";

type Place = LabelReportPage["places"][number];

const code = (text: string) => <code className="se-code">{text}</code>;

export function fileColumns(): Column<MislabelledFile>[] {
  return [
    { key: "path", title: _("File"), wrap: true, render: ({ path }) => code(path) },
    {
      key: "found",
      title: _("Has"),
      render: ({ found }) => (found ? code(found) : _("no label")),
    },
    { key: "restored", title: _("Should have"), render: ({ restored }) => code(restored) },
    {
      key: "slot",
      title: _("Slot"),
      end: true,
      render: ({ slot }) => (slot === null ? _("host") : number(slot)),
    },
  ];
}

export function processColumns(): Column<WrongProcess>[] {
  return [
    { key: "pid", title: _("Process"), end: true, render: ({ pid }) => String(pid) },
    { key: "command", title: _("Program"), render: ({ command }) => code(command) },
    { key: "label", title: _("Runs as"), wrap: true, render: ({ label }) => code(label) },
    { key: "expected", title: _("Should run as"), render: ({ expected }) => code(expected) },
    {
      key: "of",
      title: _("Belongs to"),
      render: ({ tenant, instance }) => (tenant ? `${tenant} · ${instance}` : _("host")),
    },
  ];
}

export function placeColumns(): Column<Place>[] {
  return [
    { key: "path", title: _("Place"), wrap: true, render: ({ path }) => code(path) },
    {
      key: "checked",
      title: _("Looked at"),
      end: true,
      render: ({ checked, whole }) => `${number(checked)} ${whole ? _("(all)") : _("(a sample)")}`,
    },
    { key: "wrong", title: _("Wrong"), end: true, render: ({ wrong }) => number(wrong) },
    { key: "unknown", title: _("Unknown"), end: true, render: ({ unknown }) => number(unknown) },
  ];
}
