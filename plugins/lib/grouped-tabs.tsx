/** Parts of a page that are too many for one row: groups above, and below them the parts of one. */
import type { ReactNode } from "react";
import { partAddress, type TabGroup } from "./parts.ts";
import { TabRow } from "./tabs.tsx";

interface Props<P> {
  label: string;
  groups: readonly TabGroup<P>[];
  /** Key of the part that is shown. */
  active: string;
  children: ReactNode;
}

export function GroupedTabs<P>({ label, groups, active, children }: Props<P>) {
  const group = groups.find(({ tabs }) => tabs.some(({ key }) => key === active)) ?? groups[0];
  const rowOf = (tabs: TabGroup<P>["tabs"]) =>
    tabs.map(({ key, title }) => ({ key, title: title(), address: partAddress(key) }));
  return (
    <>
      <TabRow
        label={label}
        tabs={groups.map(({ key, title, tabs: [first] }) => ({
          ...{ key, title: title(), address: partAddress(first.key) },
        }))}
        active={group?.key ?? ""}
      />
      {group && group.tabs.length > 1 && (
        <TabRow label={group.title()} tabs={rowOf(group.tabs)} active={active} below />
      )}
      <div>{children}</div>
    </>
  );
}
