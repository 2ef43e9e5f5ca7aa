/** Search, filters as chips, and which columns are shown. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { ReactNode } from "react";
import { classifications, tenantStates } from "../../agent/tenants/contract.ts";
import { Chip } from "../lib/chip.tsx";
import { _, format } from "../lib/i18n.ts";
import { CheckMenu } from "../lib/menu.tsx";
import { Search } from "../lib/search.tsx";
import { changeView, isFiltered, type View } from "./view.ts";
import { classificationName, stateName } from "./words.ts";

interface Props {
  view: View;
  /** Menu of the table's columns. */
  columns: ReactNode;
  /** Jurisdictions that can be chosen. */
  jurisdictions: readonly string[];
  children: ReactNode;
}

export function Toolbar(props: Props) {
  const { view } = props;
  const { filter } = view;
  return (
    <>
      <div className="ds-toolbar">
        <Search
          label={_("Search in name, domain and contacts")}
          text={filter.search}
          maximum={200}
          change={(search) => changeView(view, { search })}
        />
        <CheckMenu
          label={_("State")}
          entries={[
            ...tenantStates.map((key) => ({ key: key as string, label: stateName(key) })),
            { key: "troubled", label: _("something not true yet") },
          ]}
          chosen={[...filter.state, ...(filter.troubled ? ["troubled"] : [])]}
          toggle={(key) => {
            if (key === "troubled") changeView(view, { troubled: !filter.troubled });
            else changeView(view, { state: toggled(filter.state, key, tenantStates) });
          }}
        />
        <CheckMenu
          label={_("Classification")}
          entries={classifications.map((key) => ({ key, label: classificationName(key) }))}
          chosen={filter.classification}
          toggle={(key) =>
            changeView(view, {
              classification: toggled(filter.classification, key, classifications),
            })
          }
        />
        <CheckMenu
          label={_("Jurisdiction")}
          entries={props.jurisdictions.map((key) => ({ key, label: key }))}
          chosen={filter.jurisdiction}
          toggle={(key) =>
            changeView(view, {
              jurisdiction: toggled(filter.jurisdiction, key, props.jurisdictions),
            })
          }
        />
        {props.columns}
        <span className="ds-grow" />
        {props.children}
      </div>
      {isFiltered(view) && <Chips view={view} />}
    </>
  );
}

/** @returns the chosen values with one more or one less, in their usual order. */
export function toggled<T extends string>(
  chosen: readonly T[],
  key: string,
  known: readonly T[],
): T[] {
  return known.filter((value) => (value === key) !== chosen.includes(value));
}

function Chips({ view }: { view: View }) {
  const { search, state, classification, jurisdiction, troubled } = view.filter;
  const without = <T,>(list: readonly T[], value: T) => list.filter((kept) => kept !== value);
  return (
    <section className="ds-chips" aria-label={_("Filters")}>
      {search && (
        <Chip
          text={format(_("contains “$0”"), search)}
          remove={() => changeView(view, { search: "" })}
        />
      )}
      {state.map((value) => (
        <Chip
          key={value}
          text={stateName(value)}
          remove={() => changeView(view, { state: without(state, value) })}
        />
      ))}
      {troubled && (
        <Chip
          text={_("something not true yet")}
          remove={() => changeView(view, { troubled: false })}
        />
      )}
      {classification.map((value) => (
        <Chip
          key={value}
          text={classificationName(value)}
          remove={() => changeView(view, { classification: without(classification, value) })}
        />
      ))}
      {jurisdiction.map((value) => (
        <Chip
          key={value}
          text={value}
          remove={() => changeView(view, { jurisdiction: without(jurisdiction, value) })}
        />
      ))}
      <Button variant="link" size="sm" isInline onClick={() => clearFilters(view)}>
        {_("Clear all filters")}
      </Button>
    </section>
  );
}

export function clearFilters(view: View): void {
  changeView(view, {
    search: "",
    state: [],
    classification: [],
    jurisdiction: [],
    troubled: false,
  });
}
