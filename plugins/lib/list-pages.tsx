/** Pages of a list whose place stands in the address. */
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
}

export function ListPages({ label, view, shown, total, next, sizes }: Props) {
  return (
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
  );
}
