/** All parts of the page, in the order of their tabs; the first one is shown where none is named. */
import { _ } from "../lib/i18n.ts";
import { here } from "../lib/parts.ts";
import { overview } from "./overview.tsx";
import type { Tab } from "./part.ts";

export const tabs: readonly Tab[] = [
  here(overview),
  {
    key: "topology",
    title: () => _("Topology"),
    load: async () => (await import("./topology/tab.tsx")).topology,
  },
  {
    key: "capacity",
    title: () => _("Capacity"),
    load: async () => (await import("./capacity/tab.tsx")).capacity,
  },
  {
    key: "volumes",
    title: () => _("Volumes"),
    load: async () => (await import("./volumes/tab.tsx")).volumes,
  },
  {
    key: "encryption",
    title: () => _("Encryption"),
    load: async () => (await import("./encryption/tab.tsx")).encryption,
  },
];
