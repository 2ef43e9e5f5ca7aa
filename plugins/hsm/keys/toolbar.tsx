/** Search and filters of the list of keys. */
import type { ReactNode } from "react";
import { algorithms, protections } from "../../../agent/hsm/algorithms.ts";
import { keyStates } from "../../../agent/hsm/keys/record.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { adjust } from "../../lib/location.ts";
import { CheckMenu } from "../../lib/menu.tsx";
import { Search } from "../../lib/search.tsx";
import { TenantFilterField } from "../../lib/tenant-field.tsx";
import { dueDays, type KeyView } from "./view.ts";
import { algorithmName, keyStateName, protectionName } from "./words.ts";

interface Props {
  view: KeyView;
  children: ReactNode;
}

/** @returns the title of a menu, with how many of it are chosen */
function titled(title: string, chosen: number): string {
  return chosen === 0 ? title : format(_("$0 ($1)"), title, chosen);
}

export function Toolbar({ view, children }: Props) {
  const { state, algorithm, protection, troubled } = view;
  const set = (option: string, values: readonly string[]) =>
    adjust({ [option]: values, cursor: [] });
  return (
    <div className="ds-toolbar">
      <Search
        label={_("Search in keys, tenants, tokens and algorithms")}
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
          ...keyStates.map((key) => ({ key: key as string, label: keyStateName(key) })),
          { key: "troubled", label: _("not to be used, or to be destroyed") },
        ]}
        chosen={[...state, ...(troubled ? ["troubled"] : [])]}
        toggle={(key) =>
          key === "troubled"
            ? set("troubled", [troubled ? "" : "yes"])
            : set("state", toggled(keyStates, state, key))
        }
      />
      <CheckMenu
        label={titled(_("Algorithm"), algorithm.length)}
        entries={algorithms.map((key) => ({ key, label: algorithmName(key) }))}
        chosen={algorithm}
        toggle={(key) => set("algorithm", toggled(algorithms, algorithm, key))}
      />
      <CheckMenu
        label={titled(_("Protection"), protection.length)}
        entries={protections.map((key) => ({ key, label: protectionName(key) }))}
        chosen={protection}
        toggle={(key) => set("protection", toggled(protections, protection, key))}
      />
      <ChoiceMenu
        label={_("What is due")}
        value={String(view.dueDays)}
        options={dueDays.map((days) => [
          String(days),
          days === 0 ? _("Due or not") : ngettext("Due in $0 day", "Due in $0 days", days),
        ])}
        change={(days) => set("due", [days === "0" ? "" : days])}
      />
      <span className="ds-grow" />
      {children}
    </div>
  );
}

/** @returns the chosen values with one more or one less, in their usual order */
function toggled<T extends string>(known: readonly T[], chosen: readonly T[], key: string): T[] {
  return known.filter((value) => (value === key) !== chosen.includes(value));
}
