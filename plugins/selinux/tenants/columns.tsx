/** What the table of slots shows of each. */
import type { Slot } from "../../../agent/selinux/settings/answers.ts";
import { _, number } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";

type Kind = keyof Slot["types"];

function kindName(kind: Kind): string {
  const names = {
    container: _("Containers"),
    vm: _("Virtual machines"),
    file: _("Root files"),
    volume: _("Volumes"),
    image: _("Disks"),
    run: _("In memory"),
  };
  return names[kind];
}

const kinds: readonly Kind[] = ["container", "vm", "file", "volume", "image", "run"];

export function slotColumns(): Column<Slot>[] {
  return [
    { key: "slot", title: _("Slot"), sort: "slot", end: true, render: ({ slot }) => number(slot) },
    {
      key: "tenant",
      title: _("Tenant"),
      sort: "tenant",
      render: ({ tenant }) =>
        tenant ? (
          <PageLink page="tenants" at={tenant} className="ds-name">
            {tenant}
          </PageLink>
        ) : (
          <Tag color="grey">{_("spare")}</Tag>
        ),
    },
    {
      key: "processes",
      title: _("Processes"),
      sort: "processes",
      end: true,
      render: ({ processes }) => (processes === null ? _("unknown") : number(processes)),
    },
    {
      key: "mislabelled",
      title: _("Mislabelled"),
      sort: "mislabelled",
      end: true,
      render: ({ mislabelled }) =>
        mislabelled === null ? (
          <span className="ds-subtle">{_("not checked")}</span>
        ) : (
          <span className={mislabelled > 0 ? "ds-bad" : ""}>{number(mislabelled)}</span>
        ),
    },
    ...kinds.map((kind) => ({
      key: kind,
      title: kindName(kind),
      render: ({ types }: Slot) => <code className="se-code">{types[kind]}</code>,
    })),
  ];
}
