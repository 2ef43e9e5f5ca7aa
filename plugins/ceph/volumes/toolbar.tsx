/** Search and filters of the list of volumes. */
import { type ReactNode, useRef } from "react";
import { volumeStates } from "../../../agent/ceph/volumes/answers.ts";
import { storageClasses } from "../../../agent/ceph/volumes/classes.ts";
import { volumeKinds } from "../../../agent/ceph/volumes/kinds/names.ts";
import { _, format } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { Search } from "../../lib/search.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import type { VolumeView } from "./view.ts";
import { className, kindName, stateName } from "./words.ts";

interface Props {
  view: VolumeView;
  /** Of the volumes that are shown. */
  jurisdictions: readonly string[];
  children: ReactNode;
}

/** @returns the title of a menu, with how many of it are chosen */
function titled(title: string, chosen: number): string {
  return chosen === 0 ? title : format(_("$0 ($1)"), title, chosen);
}

export function Toolbar({ view, jurisdictions, children }: Props) {
  const { state, jurisdiction, troubled } = view;
  const regions = useSeen([...jurisdictions, ...jurisdiction]);
  const set = (option: string, values: readonly string[]) =>
    adjust({ [option]: values, cursor: [] });
  return (
    <div className="ds-toolbar">
      <Search
        label={_("Search in volumes, tenants, jurisdictions and classes")}
        text={view.text}
        maximum={200}
        change={changeText}
      />
      <TenantFilterField
        label={_("Tenant")}
        tenant={view.tenant}
        change={(tenant) => set("tenant", [tenant])}
      />
      <CheckMenu
        label={titled(_("State"), state.length + (troubled ? 1 : 0))}
        entries={[
          ...volumeStates.map((key) => ({ key: key as string, label: stateName(key) })),
          { key: "troubled", label: _("something not as declared") },
        ]}
        chosen={[...state, ...(troubled ? ["troubled"] : [])]}
        toggle={(key) =>
          key === "troubled"
            ? set("troubled", [troubled ? "" : "yes"])
            : set("state", toggled(volumeStates, state, key))
        }
      />
      <CheckMenu
        label={titled(_("Jurisdiction"), jurisdiction.length)}
        entries={regions.map((key) => ({ key, label: key }))}
        chosen={jurisdiction}
        toggle={(key) => set("jurisdiction", toggled(regions, jurisdiction, key))}
      />
      <CheckMenu
        label={titled(_("Class"), view.class.length)}
        entries={storageClasses.map((key) => ({ key, label: `${key}: ${className(key)}` }))}
        chosen={view.class}
        toggle={(key) => set("class", toggled(storageClasses, view.class, key))}
      />
      <CheckMenu
        label={titled(_("Kind"), view.kind.length)}
        entries={volumeKinds.map((key) => ({ key, label: kindName(key) }))}
        chosen={view.kind}
        toggle={(key) => set("kind", toggled(volumeKinds, view.kind, key))}
      />
      <span className="ds-grow" />
      {children}
    </div>
  );
}

/** What was seen once can be chosen, though no row that is shown now has it. */
function useSeen(values: readonly string[]): readonly string[] {
  const seen = useRef<ReadonlySet<string>>(new Set());
  if (values.some((value) => !seen.current.has(value))) {
    seen.current = new Set([...seen.current, ...values].sort());
  }
  return [...seen.current];
}

/** @returns the chosen values with one more or one less, in their usual order */
function toggled<T extends string>(known: readonly T[], chosen: readonly T[], key: string): T[] {
  return known.filter((value) => (value === key) !== chosen.includes(value));
}
