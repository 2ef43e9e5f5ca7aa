/** A table with sorting and selection in PatternFly's looks; quick with a thousand rows. */
import "@patternfly/react-styles/css/components/Table/table.css";
import OpenedIcon from "@patternfly/react-icons/dist/esm/icons/angle-down-icon";
import ClosedIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import SortIcon from "@patternfly/react-icons/dist/esm/icons/arrows-alt-v-icon";
import KebabIcon from "@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon";
import DownIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-down-icon";
import UpIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-up-icon";
import { Fragment, memo, type ReactNode, startTransition, useEffect, useId, useState } from "react";
import { _, format } from "./i18n.ts";

export interface Column<Row> {
  key: string;
  title: string;
  /** Name of the agent's sort key, where it can be sorted. */
  sort?: string;
  render: (row: Row) => ReactNode;
  /** Not shown until somebody chooses it. */
  optional?: boolean;
  /** Long text, which takes more than one line. */
  wrap?: boolean;
  /** Numbers stand at the end. */
  end?: boolean;
}

export interface Sorting {
  key: string;
  descending: boolean;
  change: (key: string, descending: boolean) => void;
}

export interface Selection {
  chosen: ReadonlySet<string>;
  toggle: (key: string, chosen: boolean) => void;
  toggleAll: (keys: string[], chosen: boolean) => void;
}

/** What a row has more to say, below it when it is opened. */
export interface Details<Row> {
  open: ReadonlySet<string>;
  toggle: (key: string) => void;
  /** Names the row for screen readers. */
  name: (row: Row) => string;
  render: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  sorting?: Sorting;
  selection?: Selection | undefined;
  details?: Details<Row>;
  /** Opens the menu of a row, below the button that was pressed. */
  openMenu?: (row: Row, anchor: HTMLElement) => void;
  /** An older answer is shown while the newer one is on its way. */
  stale?: boolean;
  /** Key of the row that is shown in full elsewhere on the page. */
  current?: string;
}

/** How many rows are drawn at once, enough for all nodes of a large cluster; others follow when the browser has time. */
const drawnAtOnce = 64;

export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows, keyOf, selection, details } = props;
  const id = useId();
  const [drawn, setDrawn] = useState(drawnAtOnce);
  useEffect(() => {
    if (rows.length > drawn) startTransition(() => setDrawn(rows.length));
  }, [rows.length, drawn]);
  const keys = rows.map(keyOf);
  const all = keys.length > 0 && keys.every((key) => selection?.chosen.has(key));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it.
    // biome-ignore lint/a11y/useSemanticElements: a section would not be announced as scrolling.
    <div className="ds-table" role="region" aria-label={props.label} tabIndex={0}>
      <table
        className="pf-v6-c-table pf-m-compact"
        aria-label={props.label}
        aria-busy={props.stale ?? false}
      >
        <thead className="pf-v6-c-table__thead">
          <tr className="pf-v6-c-table__tr">
            {details && (
              <td className="pf-v6-c-table__td ds-narrow">
                <span className="pf-v6-screen-reader">{_("Details")}</span>
              </td>
            )}
            {selection && (
              <td className="pf-v6-c-table__td pf-v6-c-table__check">
                <input
                  type="checkbox"
                  aria-label={_("Select all rows of this page")}
                  checked={all}
                  onChange={(event) => selection.toggleAll(keys, event.currentTarget.checked)}
                />
              </td>
            )}
            {columns.map((column) => (
              <Heading key={column.key} column={column} sorting={props.sorting} />
            ))}
            {props.openMenu && (
              <td className="pf-v6-c-table__td">
                <span className="pf-v6-screen-reader">{_("Actions")}</span>
              </td>
            )}
          </tr>
        </thead>
        <tbody className="pf-v6-c-table__tbody">
          {rows.slice(0, drawn).map((row, index) => {
            const key = keyOf(row);
            const open = details?.open.has(key) ?? false;
            const below = `${id}-${index}`;
            return (
              <Fragment key={key}>
                <TableRow
                  id={key}
                  row={row}
                  columns={columns as readonly Column<unknown>[]}
                  chosen={selection?.chosen.has(key) ?? key === props.current}
                  toggle={selection?.toggle}
                  openMenu={props.openMenu as TableProps<unknown>["openMenu"]}
                  {...(details && {
                    details: details as Details<unknown>,
                    opened: open ? below : "",
                  })}
                />
                {open && (
                  <tr className="pf-v6-c-table__tr" id={below}>
                    <td className="pf-v6-c-table__td ds-row-details" colSpan={99}>
                      {details?.render(row)}
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Heading<Row>({ column, sorting }: { column: Column<Row>; sorting: Sorting | undefined }) {
  const end = column.end ? " ds-end" : "";
  if (!column.sort || !sorting) {
    return (
      <th scope="col" className={`pf-v6-c-table__th${end}`}>
        {column.title}
      </th>
    );
  }
  const { sort } = column;
  const active = sorting.key === sort;
  const Icon = active ? (sorting.descending ? DownIcon : UpIcon) : SortIcon;
  const order = sorting.descending ? "descending" : "ascending";
  return (
    <th
      scope="col"
      className={`pf-v6-c-table__th pf-v6-c-table__sort${active ? " pf-m-selected" : ""}${end}`}
      aria-sort={active ? order : "none"}
    >
      <button
        type="button"
        className="pf-v6-c-table__button"
        onClick={() => sorting.change(sort, active ? !sorting.descending : false)}
      >
        <span className="pf-v6-c-table__button-content">
          <span className="pf-v6-c-table__text">{column.title}</span>
          <span className="pf-v6-c-table__sort-indicator">
            <Icon />
          </span>
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  id: string;
  row: unknown;
  columns: readonly Column<unknown>[];
  chosen: boolean;
  toggle: Selection["toggle"] | undefined;
  openMenu: TableProps<unknown>["openMenu"];
  details?: Details<unknown>;
  /** Id of the row with the details, while it is shown. */
  opened?: string;
}

/** Drawn again only when its own record, the columns or its selection change. */
const TableRow = memo(function TableRow(props: RowProps) {
  const { id, row, columns, chosen, toggle, openMenu, details, opened } = props;
  return (
    <tr className={`pf-v6-c-table__tr${chosen ? " ds-chosen" : ""}`} data-row={id}>
      {details && (
        <td className="pf-v6-c-table__td">
          <button
            type="button"
            className="ds-row-toggle"
            aria-expanded={Boolean(opened)}
            aria-controls={opened || undefined}
            aria-label={format(_("Details of $0"), details.name(row))}
            onClick={() => details.toggle(id)}
          >
            {opened ? <OpenedIcon /> : <ClosedIcon className="pf-v6-m-mirror-inline-rtl" />}
          </button>
        </td>
      )}
      {toggle && (
        <td className="pf-v6-c-table__td pf-v6-c-table__check">
          <input
            type="checkbox"
            aria-label={format(_("Select $0"), id)}
            checked={chosen}
            onChange={(event) => toggle(id, event.currentTarget.checked)}
          />
        </td>
      )}
      {columns.map((column) => (
        <td
          key={column.key}
          className={`pf-v6-c-table__td${column.end ? " ds-end" : ""}${column.wrap ? " ds-wrap" : ""}`}
          data-column={column.key}
        >
          {column.render(row)}
        </td>
      ))}
      {openMenu && (
        <td className="pf-v6-c-table__td pf-v6-c-table__action">
          <button
            type="button"
            className="pf-v6-c-menu-toggle pf-m-plain ds-kebab"
            aria-label={format(_("Actions of $0"), id)}
            aria-haspopup="menu"
            onClick={(event) => openMenu(row, event.currentTarget)}
          >
            <span className="pf-v6-c-menu-toggle__icon">
              <KebabIcon />
            </span>
          </button>
        </td>
      )}
    </tr>
  );
});
