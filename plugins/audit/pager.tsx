/** Goes to older events and back. The record has no page numbers: it grows at its beginning. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { useRef } from "react";
import type { AuditEntry } from "../../agent/audit/contract.ts";
import { _, format, number } from "../lib/i18n.ts";
import { changeCursor, changePerPage, pageSizes, type View } from "./view.ts";

interface Props {
  view: View;
  next: string;
  rows: readonly AuditEntry[];
}

export function Pager({ view, next, rows }: Props) {
  /** Cursors of the pages on the way here, by the page that they led to. */
  const before = useRef(new Map<string, string>());
  const older = () => {
    before.current.set(next, view.cursor);
    changeCursor(next);
  };
  const newer = () => changeCursor(before.current.get(view.cursor) ?? "");
  const [first, last] = [rows[0], rows.at(-1)];
  return (
    <nav className="ds-pages" aria-label={_("Pages of the record")}>
      {first && last && (
        <span aria-live="polite">
          {format(_("$0 to $1"), number(first.sequence), number(last.sequence))}
        </span>
      )}
      <FormSelect
        className="ds-pages-size"
        aria-label={_("Rows on each page")}
        value={String(view.perPage)}
        onChange={(_event, value) => changePerPage(Number(value))}
      >
        {pageSizes.map((rowsOnPage) => (
          <FormSelectOption
            key={rowsOnPage}
            value={String(rowsOnPage)}
            label={format(_("$0 per page"), number(rowsOnPage))}
          />
        ))}
      </FormSelect>
      <Button
        variant="plain"
        icon={<LeftIcon className="pf-v6-m-mirror-inline-rtl" />}
        aria-label={_("Newer events")}
        isDisabled={view.cursor === ""}
        onClick={newer}
      />
      <Button
        variant="plain"
        icon={<RightIcon className="pf-v6-m-mirror-inline-rtl" />}
        aria-label={_("Older events")}
        isDisabled={next === ""}
        onClick={older}
      />
    </nav>
  );
}
