/** All parts of the page, in the order of their tabs; the first one is shown where none is named. */
import { _ } from "../lib/i18n.ts";
import { here } from "../lib/parts.ts";
import { overview } from "./overview.tsx";
import type { Tab } from "./part.ts";

/** The others are loaded when they are shown. */
export const tabs: readonly Tab[] = [
  here(overview),
  {
    key: "tokens",
    title: () => _("Tokens"),
    load: async () => (await import("./tokens/tab.tsx")).tokens,
  },
  {
    key: "keys",
    title: () => _("Keys"),
    load: async () => (await import("./keys/tab.tsx")).keys,
  },
  {
    key: "certificates",
    title: () => _("Certificates"),
    load: async () => (await import("./certificates/tab.tsx")).certificates,
  },
  {
    key: "rules",
    title: () => _("Rules"),
    load: async () => (await import("./rules/tab.tsx")).rules,
  },
  {
    key: "ceremonies",
    title: () => _("Ceremonies"),
    load: async () => (await import("./ceremony/tab.tsx")).ceremonies,
  },
  {
    key: "statement",
    title: () => _("Statement"),
    load: async () => (await import("./statement/tab.tsx")).statement,
  },
];
