/** All parts of the page, in groups, in the order of their tabs; the first is shown where none is named. */
import { _ } from "../lib/i18n.ts";
import { here } from "../lib/parts.ts";
import { overview } from "./overview.tsx";
import type { TabGroup } from "./part.ts";

export const groups: readonly TabGroup[] = [
  { key: "overview", title: () => _("Overview"), tabs: [here(overview)] },
  {
    key: "tenants",
    title: () => _("Tenants"),
    tabs: [
      {
        key: "volumes",
        title: () => _("Volumes"),
        load: async () => (await import("./volumes/tab.tsx")).volumes,
      },
      {
        key: "worm",
        title: () => _("WORM"),
        load: async () => (await import("./worm/tab.tsx")).worm,
      },
    ],
  },
  {
    key: "room",
    title: () => _("Room"),
    tabs: [
      {
        key: "capacity",
        title: () => _("Capacity"),
        load: async () => (await import("./capacity/tab.tsx")).capacity,
      },
      {
        key: "pools",
        title: () => _("Pools"),
        load: async () => (await import("./pools/tab.tsx")).pools,
      },
      {
        key: "rules",
        title: () => _("Placement rules"),
        load: async () => (await import("./pools/rules.tsx")).rules,
      },
    ],
  },
  {
    key: "hardware",
    title: () => _("Hardware"),
    tabs: [
      {
        key: "topology",
        title: () => _("Topology"),
        load: async () => (await import("./topology/tab.tsx")).topology,
      },
      {
        key: "devices",
        title: () => _("Devices"),
        load: async () => (await import("./devices/tab.tsx")).devices,
      },
    ],
  },
  {
    key: "operation",
    title: () => _("Operation"),
    tabs: [
      {
        key: "progress",
        title: () => _("Recovery"),
        load: async () => (await import("./progress/tab.tsx")).progress,
      },
      {
        key: "actions",
        title: () => _("Changes"),
        load: async () => (await import("./actions/tab.tsx")).actions,
      },
    ],
  },
  {
    key: "security",
    title: () => _("Security"),
    tabs: [
      {
        key: "encryption",
        title: () => _("Encryption"),
        load: async () => (await import("./encryption/tab.tsx")).encryption,
      },
      {
        key: "keyrings",
        title: () => _("Keys"),
        load: async () => (await import("./keyrings/tab.tsx")).keyrings,
      },
      {
        key: "settings",
        title: () => _("Settings"),
        load: async () => (await import("./settings/tab.tsx")).settings,
      },
    ],
  },
];

export const tabs = groups.flatMap((group) => group.tabs);
