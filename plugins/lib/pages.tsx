/** Moves through the pages of a long list. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { _, format, number } from "./i18n.ts";

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
  return (
    <nav className="ds-pages" aria-label={_("Pages of the list")}>
      <span aria-live="polite">
        {format(_("$0 to $1 of $2"), number(from), number(to), number(total))}
      </span>
      <FormSelect
        className="ds-pages-size"
        aria-label={_("Rows on each page")}
        value={String(perPage)}
        onChange={(_event, value) => change(1, Number(value))}
      >
        {pageSizes.map((rows) => (
          <FormSelectOption
            key={rows}
            value={String(rows)}
            label={format(_("$0 per page"), number(rows))}
          />
        ))}
      </FormSelect>
      <Button
        variant="plain"
        icon={<LeftIcon className="pf-v6-m-mirror-inline-rtl" />}
        aria-label={_("Previous page")}
        isDisabled={page <= 1}
        onClick={() => change(page - 1, perPage)}
      />
      <Button
        variant="plain"
        icon={<RightIcon className="pf-v6-m-mirror-inline-rtl" />}
        aria-label={_("Next page")}
        isDisabled={to >= total}
        onClick={() => change(page + 1, perPage)}
      />
    </nav>
  );
}
