/** What can be done to an OSD or a pool, and why not. */
import { type OsdChange, ownPools } from "../../../agent/ceph/actions/answers.ts";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { PoolDetail } from "../../../agent/ceph/pools/answers.ts";
import type { TopologyRow } from "../../../agent/ceph/topology/answers.ts";
import type { Access } from "../../lib/capabilities.tsx";
import { _ } from "../../lib/i18n.ts";
import type { MenuEntry } from "../../lib/menu.tsx";
import { openAct } from "./open.tsx";

/** Empty for what is no OSD. */
export function osdMenu({ id, osd }: TopologyRow, access: Access): MenuEntry[] {
  if (osd === undefined || id === null) return [];
  const { state, reweight } = osd;
  const may = access.why(ceph, "storage");
  const gone = state === "destroyed" ? _("It was destroyed.") : undefined;
  const isOut = state === "out" || state === "downAndOut";
  const unless = (fits: boolean, reason: string) => may ?? gone ?? (fits ? undefined : reason);
  const open = (what: OsdChange["what"]) => () =>
    openAct(({ OsdDialog }) => <OsdDialog osd={id} what={what} reweight={reweight} />);
  return [
    {
      key: "out",
      label: _("Take it out"),
      danger: true,
      why: unless(!isOut, _("It is out already.")),
      run: open("out"),
    },
    {
      key: "in",
      label: _("Take it in"),
      why: unless(isOut, _("It is in already.")),
      run: open("in"),
    },
    {
      key: "reweight",
      label: _("Change its share"),
      why: unless(!isOut, _("It is out; take it in first.")),
      run: open("reweight"),
    },
  ];
}

export function poolMenu(pool: PoolDetail, access: Access): MenuEntry[] {
  const own = pool.name.startsWith(ownPools)
    ? _("It holds tenants’ volumes, which lie where they were declared to; its rule stays.")
    : undefined;
  return [
    {
      key: "rule",
      label: _("Place it by another rule"),
      danger: true,
      why: access.why(ceph, "storage") ?? own,
      run: () => openAct(({ RuleDialog }) => <RuleDialog pool={pool} />),
    },
  ];
}
