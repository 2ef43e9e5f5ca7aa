/** What the table of tenants can show. */
import WarningIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import type { Tenant } from "../../agent/tenants/contract.ts";
import { _, dateTime, format, ngettext, number, relativeTime, size } from "../lib/i18n.ts";
import { Meter } from "../lib/meter.tsx";
import type { Column } from "../lib/table.tsx";
import { Tag } from "../lib/tag.tsx";
import { classificationColors, classificationName, stateColors, stateName } from "./words.ts";

export function State({ tenant }: { tenant: Tenant }) {
  return (
    <>
      <Tag color={stateColors[tenant.state]}>{stateName(tenant.state)}</Tag>
      {tenant.deleteAt && <div className="ds-subtle">{relativeTime(tenant.deleteAt)}</div>}
      {tenant.notYetTrue.length > 0 && (
        <div className="ds-trouble" title={tenant.notYetTrue.join("\n")}>
          <WarningIcon />{" "}
          {ngettext("$0 thing not true", "$0 things not true", tenant.notYetTrue.length)}
        </div>
      )}
    </>
  );
}

function Name({ tenant }: { tenant: Tenant }) {
  const { name, displayName } = tenant;
  return (
    <>
      <a className="ds-name" href={`#/${name}`}>
        {displayName || name}
      </a>
      {displayName && <div className="ds-subtle">{name}</div>}
    </>
  );
}

const cores = (amount: number) => number(amount);

export function tenantColumns(): Column<Tenant>[] {
  return [
    { key: "name", title: _("Name"), sort: "name", render: (row) => <Name tenant={row} /> },
    { key: "state", title: _("State"), sort: "state", render: (row) => <State tenant={row} /> },
    {
      key: "classification",
      title: _("Classification"),
      sort: "classification",
      render: ({ classification }) => (
        <Tag color={classificationColors[classification]}>{classificationName(classification)}</Tag>
      ),
    },
    {
      key: "jurisdiction",
      title: _("Jurisdiction"),
      sort: "jurisdiction",
      render: (row) => row.jurisdiction,
    },
    {
      key: "instances",
      title: _("Running"),
      sort: "instances",
      end: true,
      render: ({ instances }) =>
        format(_("$0 of $1"), number(instances.running), number(instances.total)),
    },
    {
      key: "cpu",
      title: _("CPU promised"),
      sort: "cpu",
      render: ({ name, promised, limit }) => (
        <Meter
          label={format(_("CPU cores promised by $0"), name)}
          used={promised.cpu}
          limit={limit.cpu}
          write={cores}
        />
      ),
    },
    {
      key: "ram",
      title: _("RAM promised"),
      sort: "ram",
      render: ({ name, promised, limit }) => (
        <Meter
          label={format(_("RAM promised by $0"), name)}
          used={promised.ramKib}
          limit={limit.ramKib}
          write={size}
        />
      ),
    },
    {
      key: "storage",
      title: _("Storage promised"),
      sort: "storage",
      render: ({ name, promised, limit }) => (
        <Meter
          label={format(_("Storage promised by $0"), name)}
          used={promised.storageKib}
          limit={limit.storageKib}
          write={size}
        />
      ),
    },
    {
      key: "domain",
      title: _("SELinux domain"),
      sort: "domain",
      optional: true,
      render: ({ domain }) => <code>{domain}</code>,
    },
    {
      key: "contacts",
      title: _("Contacts"),
      optional: true,
      render: ({ contacts }) => contacts.join(", "),
    },
    {
      key: "created",
      title: _("Created"),
      sort: "createdAt",
      optional: true,
      render: ({ createdAt, createdBy }) => (
        <>
          {dateTime(createdAt)}
          <div className="ds-subtle">{format(_("by $0"), createdBy)}</div>
        </>
      ),
    },
  ];
}
