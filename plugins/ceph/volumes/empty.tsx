/** No volume yet: what there must be before one can be made, and whether it is there. */

import VolumeIcon from "@patternfly/react-icons/dist/esm/icons/volume-icon";
import type { ReactNode } from "react";
import { acting, capabilityWords } from "../../../agent/ceph/capabilities.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import { tenants } from "../../../agent/tenants/contract.ts";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { Nothing } from "../../lib/states.tsx";
import { Tag, type TagColor } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";

const everyMs = 10_000;
const caps = `ceph auth caps ${capabilityWords("client.dsecos", acting)}`;

export function NoVolume({ create }: { create: ReactNode }) {
  return (
    <section className="ds-panel">
      <Nothing title={_("No volume yet")} icon={VolumeIcon} actions={create}>
        <div className="ds-stack">
          <p>
            {_(
              "A volume is a tenant’s storage: in a pool of its jurisdiction, with a size, opened by the tenant’s key and no other.",
            )}
          </p>
          <ul className="ce-needs">
            <TenantNeed />
            <MapNeed />
            <li>
              {_(
                "The agent’s key must be allowed to make volumes, which the cluster’s administrator does:",
              )}
              <Command text={caps} />
            </li>
          </ul>
        </div>
      </Nothing>
    </section>
  );
}

function Need(props: { name: string; there: boolean | undefined; children: ReactNode }) {
  const { there } = props;
  const color: TagColor = there === undefined ? "grey" : there ? "green" : "orange";
  const word = there === undefined ? _("unknown") : there ? _("there") : _("missing");
  return (
    <li data-need={props.name} data-there={there === undefined ? "unknown" : String(there)}>
      <Tag color={color}>{word}</Tag> {props.children}
    </li>
  );
}

function TenantNeed() {
  const { data, error } = useQuery("tenants", () =>
    client(tenants).List({
      ...{ search: "", state: [], classification: [], jurisdiction: [], troubled: false },
      ...{ sort: "name", descending: false, cursor: "", limit: 1 },
    }),
  );
  return (
    <Need name="tenant" there={data && data.total > 0}>
      {data && data.total > 0
        ? ngettext(
            "$0 tenant, who can have volumes.",
            "$0 tenants, who can have volumes.",
            data.total,
          )
        : (error?.message ?? _("A tenant whose volume it is."))}{" "}
      <PageLink page="tenants">{_("Tenants")}</PageLink>
    </Need>
  );
}

function MapNeed() {
  const { data, error } = useQuery("residency", () => client(ceph).Residency(), {
    ...{ every: everyMs, changes },
  });
  const known = data !== undefined && data.state !== "never";
  return (
    <Need name="map" there={known ? data.map > 0 : undefined}>
      {known && data.map > 0
        ? format(_("The signed map of jurisdictions, no. $0."), number(data.map))
        : data?.error ||
          error?.message ||
          _("A signed map of jurisdictions, so that it is known where storage is.")}
    </Need>
  );
}
