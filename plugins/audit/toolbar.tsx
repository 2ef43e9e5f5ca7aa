/** Search, period and facets with their counts; what is in force stands below as chips. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import { type ReactNode, useState } from "react";
import type { Summary } from "../../agent/audit/answers.ts";
import { outcomes, sources } from "../../agent/audit/entry.ts";
import { Chip } from "../lib/chip.tsx";
import { outcomeName } from "../lib/entries.tsx";
import { CheckField } from "../lib/fields.tsx";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import { ButtonMenu } from "../lib/menu.tsx";
import { Search } from "../lib/search.tsx";
import { TimeField } from "./time-field.tsx";
import {
  changeActs,
  changeFilter,
  changePeriod,
  changeSpan,
  clearFilters,
  isFiltered,
  type Span,
  spans,
  type TextFilter,
  textFilters,
  type View,
} from "./view.ts";
import { filterName, sourceName, spanName } from "./words.ts";

export function valueName(filter: TextFilter, value: string): string {
  const outcome = outcomes.find((known) => known === value);
  if (filter === "outcome" && outcome) return outcomeName(outcome);
  return filter === "source" ? sourceName(value) : value;
}

interface Props {
  view: View;
  summary: Summary | undefined;
  children: ReactNode;
}

export function Toolbar({ view, summary, children }: Props) {
  const [choosing, setChoosing] = useState(Boolean(view.from || view.to));
  return (
    <>
      <div className="ds-toolbar">
        <Search
          label={_("Search in the text of events")}
          text={view.filter.text ?? ""}
          maximum={100}
          change={(text) => changeFilter("text", text)}
        />
        <FormSelect
          className="au-period"
          aria-label={_("Period")}
          value={choosing || view.from || view.to ? "chosen" : view.span}
          onChange={(_event, value) => {
            setChoosing(value === "chosen");
            if (value !== "chosen") changeSpan(value as Span | "");
          }}
        >
          {(["", ...Object.keys(spans)] as (Span | "")[]).map((span) => (
            <FormSelectOption key={span} value={span} label={spanName(span)} />
          ))}
          <FormSelectOption value="chosen" label={_("From … to …")} />
        </FormSelect>
        <Facets summary={summary} />
        <CheckField label={_("Without readings")} value={view.acts} change={changeActs} />
        <span className="ds-grow" />
        {children}
      </div>
      {(choosing || view.from || view.to) && <Period view={view} />}
      {isFiltered(view) && <Chips view={view} />}
    </>
  );
}

function Period({ view }: { view: View }) {
  return (
    <div className="ds-toolbar">
      <TimeField
        label={_("From")}
        value={view.from}
        change={(from) => changePeriod(from, view.to)}
      />
      <TimeField label={_("To")} value={view.to} change={(to) => changePeriod(view.from, to)} />
      <span className="ds-subtle">{_("in the time of this browser")}</span>
    </div>
  );
}

const facets = [
  ["tenant", "tenants"],
  ["actor", "actors"],
  ["action", "actions"],
  ["source", "sources"],
  ["outcome", "outcomes"],
] as const;

/** Without counts, sources and outcomes can be chosen still: there are only so many. */
function withoutCounts(filter: TextFilter): { value: string; count?: number }[] {
  const known: Partial<Record<TextFilter, readonly string[]>> = {
    source: sources,
    outcome: outcomes,
  };
  return (known[filter] ?? []).map((value) => ({ value }));
}

function Facets({ summary }: { summary: Summary | undefined }) {
  return facets.map(([filter, name]) => {
    const values: { value: string; count?: number }[] =
      summary?.facets[name] ?? withoutCounts(filter);
    if (values.length === 0) return null;
    return (
      <ButtonMenu
        key={filter}
        label={filterName(filter)}
        entries={values.map(({ value, count }) => ({
          key: value,
          label:
            count === undefined
              ? valueName(filter, value)
              : format(_("$0 ($1)"), valueName(filter, value), number(count)),
          run: () => changeFilter(filter, value),
        }))}
      />
    );
  });
}

function Chips({ view }: { view: View }) {
  const { span, from, to } = view;
  return (
    <section className="ds-chips" aria-label={_("Filters")}>
      {span && <Chip text={spanName(span)} remove={() => changeSpan("")} />}
      {from && (
        <Chip text={format(_("from $0"), dateTime(from))} remove={() => changePeriod("", to)} />
      )}
      {to && <Chip text={format(_("to $0"), dateTime(to))} remove={() => changePeriod(from, "")} />}
      {textFilters.map((filter) => {
        const value = view.filter[filter];
        if (!value) return null;
        return (
          <Chip
            key={filter}
            text={format(_("$0: $1"), filterName(filter), valueName(filter, value))}
            remove={() => changeFilter(filter, "")}
          />
        );
      })}
      {view.acts && <Chip text={_("without readings")} remove={() => changeActs(false)} />}
      <Button variant="link" size="sm" isInline onClick={clearFilters}>
        {_("Clear all filters")}
      </Button>
    </section>
  );
}
