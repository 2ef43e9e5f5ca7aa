/** Moves through the pages of a long list. */
import { _, format, number } from "./i18n.ts";
import { PageControls } from "./page-controls.tsx";

export const pageSizes = [20, 50, 100, 200, 500, 1000];

interface Props {
  /** Counted from 1. */
  page: number;
  perPage: number;
  total: number;
  change: (page: number, perPage: number) => void;
}

export function Pages({ page, perPage, total, change }: Props) {
  const from = total === 0 ? 0 : (page - 1) * perPage + 1;
  const to = Math.min(page * perPage, total);
  const turn = (by: number) => () => change(page + by, perPage);
  return (
    <PageControls
      label={_("Pages of the list")}
      text={format(_("$0 to $1 of $2"), number(from), number(to), number(total))}
      perPage={perPage}
      sizes={pageSizes}
      changePerPage={(rows) => change(1, rows)}
      back={{ label: _("Previous page"), go: page <= 1 ? undefined : turn(-1) }}
      on={{ label: _("Next page"), go: to >= total ? undefined : turn(1) }}
    />
  );
}
