/** Goes to older events and back. The record has no page numbers: it grows at its beginning. */
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { CursorPages } from "../lib/cursor-pages.tsx";
import { _, format, number } from "../lib/i18n.ts";
import { changeCursor, changePerPage, pageSizes, type View } from "./view.ts";

interface Props {
  view: View;
  next: string;
  rows: readonly AuditEntry[];
}

export function Pager({ view, next, rows }: Props) {
  const [first, last] = [rows[0], rows.at(-1)];
  return (
    <CursorPages
      label={_("Pages of the record")}
      text={
        first && last ? format(_("$0 to $1"), number(first.sequence), number(last.sequence)) : ""
      }
      newer={_("Newer events")}
      older={_("Older events")}
      cursor={view.cursor}
      next={next}
      perPage={view.perPage}
      sizes={pageSizes}
      change={changeCursor}
      changePerPage={changePerPage}
    />
  );
}
