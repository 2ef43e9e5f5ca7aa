/** A list whose place is in the address: its table and pages, or what to do where nothing matches. */
import { type ReactNode, useMemo } from "react";
import { type ListView, sortedBy, toggle } from "./list.ts";
import { ListPages } from "./list-pages.tsx";
import { NoMatch } from "./states.tsx";
import { type Column, type Details, type Selection, Table } from "./table.tsx";

interface Props<Row> {
  label: string;
  /** Names the buttons below it. */
  pagesLabel: string;
  /** What is said where no row matches, and what takes the filters away. */
  noMatch: string;
  clear: () => void;
  columns: readonly Column<Row>[];
  page: { rows: readonly Row[]; total: number; next: string };
  keyOf: (row: Row) => string;
  /** Sorted by the agent where it has an order. */
  view: ListView & { sort?: string; descending?: boolean };
  sizes: readonly number[];
  stale: boolean;
  /** What a row has more to say, below it when it is opened. */
  details?: Pick<Details<Row>, "name" | "render">;
  openMenu?: (row: Row, anchor: HTMLElement) => void;
  selection?: Selection;
  /** Menu of the table's columns, where it has one. */
  columnMenu?: ReactNode;
}

export function Listing<Row>(props: Props<Row>) {
  const { page, view, details, openMenu, selection } = props;
  const { sort, descending = false } = view;
  const sorting = useMemo(() => sort && sortedBy(sort, descending), [sort, descending]);
  if (page.rows.length === 0) return <NoMatch title={props.noMatch} clear={props.clear} />;
  return (
    <>
      <Table
        label={props.label}
        columns={props.columns}
        rows={page.rows}
        keyOf={props.keyOf}
        stale={props.stale}
        selection={selection}
        {...(sorting && { sorting })}
        {...(openMenu && { openMenu })}
        {...(details && {
          details: { ...details, open: view.open, toggle: (key: string) => toggle(view, key) },
        })}
      />
      <ListPages
        label={props.pagesLabel}
        view={view}
        shown={page.rows.length}
        total={page.total}
        next={page.next}
        sizes={props.sizes}
        columns={props.columnMenu}
      />
    </>
  );
}
