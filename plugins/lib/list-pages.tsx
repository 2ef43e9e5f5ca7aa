/** What stands below a list whose place is in the address: its columns, and its pages. */
import type { ReactNode } from "react";
import { CursorPages } from "./cursor-pages.tsx";
import { _, format, number } from "./i18n.ts";
import { changeCursor, changePerPage, type ListView } from "./list.ts";

interface Props {
  label: string;
  view: Pick<ListView, "cursor" | "perPage">;
  /** How many rows are on this page and in all, and where the next one begins. */
  shown: number;
  total: number;
  next: string;
  sizes: readonly number[];
  /** Menu of the table's columns, where it has one. */
  columns?: ReactNode;
}

export function ListPages({ label, view, shown, total, next, sizes, columns }: Props) {
  return (
    <div className="ds-toolbar">
      {columns}
      <span className="ds-grow" />
      <CursorPages
        label={label}
        text={format(_("$0 of $1"), number(shown), number(total))}
        newer={_("Previous page")}
        older={_("Next page")}
        cursor={view.cursor}
        next={next}
        perPage={view.perPage}
        sizes={sizes}
        change={changeCursor}
        changePerPage={changePerPage}
      />
    </div>
  );
}
