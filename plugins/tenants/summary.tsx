/** What was declared of a tenant, what it uses, what keeps it apart, and what is not true yet. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { TenantDetail } from "../../agent/tenants/contract.ts";
import { _, dateTime, format, number, relativeTime, size } from "../lib/i18n.ts";
import { LatePart } from "../lib/late-part.tsx";
import { Meter } from "../lib/meter.tsx";
import { Tag } from "../lib/tag.tsx";
import { VolumesPanel } from "./volumes.tsx";
import { classificationColors, classificationName } from "./words.ts";

const nodes = { load: async () => (await import("./nodes.tsx")).NodesPanel };

export function SummaryTab({ detail }: { detail: TenantDetail }) {
  const { tenant } = detail;
  return (
    <div className="ds-stack">
      {tenant.notYetTrue.length > 0 && (
        <Alert
          isInline
          component="h2"
          variant="warning"
          title={_("Not everything declared is true yet")}
        >
          <ul>
            {tenant.notYetTrue.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Alert>
      )}
      {tenant.deleteAt && (
        <Alert
          isInline
          component="h2"
          variant="danger"
          title={format(_("It will be gone $0"), relativeTime(tenant.deleteAt))}
        >
          {_("Until then it is frozen, and “Restore” in the menu “Actions” brings it back.")}
        </Alert>
      )}
      <div className="ds-panels">
        <Declared detail={detail} />
        <Quota detail={detail} />
        <VolumesPanel tenant={tenant.name} />
      </div>
      <LatePart source={nodes} props={{ tenant: tenant.name }} rows={0} />
      <Restrictions detail={detail} />
    </div>
  );
}

function Declared({ detail: { tenant } }: { detail: TenantDetail }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("Declared")}</h2>
      <dl className="ds-facts">
        <dt>{_("Name")}</dt>
        <dd>{tenant.name}</dd>
        <dt>{_("SELinux domain")}</dt>
        <dd>
          <code>{tenant.domain}</code>
        </dd>
        {tenant.slot && (
          <>
            <dt>{_("SELinux slot")}</dt>
            <dd>{format(_("$0, storage pool $1"), tenant.slot.number, tenant.slot.pool)}</dd>
          </>
        )}
        <dt>{_("Classification")}</dt>
        <dd>
          <Tag color={classificationColors[tenant.classification]}>
            {classificationName(tenant.classification)}
          </Tag>
        </dd>
        <dt>{_("Jurisdiction")}</dt>
        <dd>{tenant.jurisdiction}</dd>
        <dt>{_("Quota")}</dt>
        <dd>
          {format(
            _("$0 cores, $1 RAM, $2 storage"),
            tenant.quota.cpu,
            tenant.quota.ram,
            tenant.quota.storage,
          )}
        </dd>
        <dt>{_("Contacts")}</dt>
        <dd>{tenant.contacts.join(", ") || _("none")}</dd>
        <dt>{_("Created")}</dt>
        <dd>{format(_("$0 by $1"), dateTime(tenant.createdAt), tenant.createdBy)}</dd>
      </dl>
    </section>
  );
}

function Quota({ detail: { tenant, live, storage } }: { detail: TenantDetail }) {
  const { promised, limit } = tenant;
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("Promised of the quota")}</h2>
      <dl className="ds-facts">
        <dt>{_("CPU cores")}</dt>
        <dd>
          <Meter
            label={_("CPU cores promised")}
            used={promised.cpu}
            limit={limit.cpu}
            write={(amount) => number(amount)}
          />
        </dd>
        <dt>{_("RAM")}</dt>
        <dd>
          <Meter
            label={_("RAM promised")}
            used={promised.ramKib}
            limit={limit.ramKib}
            write={size}
          />
        </dd>
        <dt>{_("Storage")}</dt>
        <dd>
          <Meter
            label={_("Storage promised")}
            used={promised.storageKib}
            limit={limit.storageKib}
            write={size}
          />
        </dd>
        <dt>{_("In use now")}</dt>
        <dd>{format(_("$0 RAM, $1 storage"), size(live.ramKib), size(live.storageKib))}</dd>
        <dt>{_("Storage limit")}</dt>
        <dd>
          <Tag color={storage.enforced ? "green" : "orange"}>
            {storage.enforced ? _("enforced") : _("not enforced")}
          </Tag>{" "}
          {storage.enforced
            ? format(
                _("Pool $0 ($1) holds every volume to its size."),
                storage.pool,
                storage.driver,
              )
            : format(
                _("Pool $0 ($1) cannot hold a volume to its size: a tenant can fill the disk."),
                storage.pool,
                storage.driver,
              )}
        </dd>
      </dl>
    </section>
  );
}

function Restrictions({ detail }: { detail: TenantDetail }) {
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("What keeps it apart")}</h2>
      <details>
        <summary>
          {format(
            _("$0 keys of its Incus project, each set on purpose"),
            detail.restrictions.length,
          )}
        </summary>
        <dl className="ds-facts ds-restrictions">
          {detail.restrictions.map(({ key, value, why }) => (
            <div key={key} className="ds-restriction">
              <dt>
                <code>
                  {key}={value}
                </code>
              </dt>
              <dd>{why}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}
