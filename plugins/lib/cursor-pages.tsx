/** Goes on in a list that has no page numbers, since it grows at its beginning, and back. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { useRef } from "react";
import { _, format, number } from "./i18n.ts";

interface Props {
  label: string;
  /** What is on this page, for example “1 to 100”. */
  text: string;
  /** Names of the two directions. */
  newer: string;
  older: string;
  /** Of this page, and of the one behind it; empty for the first and behind the last. */
  cursor: string;
  next: string;
  perPage: number;
  sizes: readonly number[];
  change: (cursor: string) => void;
  changePerPage: (perPage: number) => void;
}

export function CursorPages(props: Props) {
  const { cursor, next } = props;
  /** Cursors of the pages on the way here, by the page that they led to. */
  const before = useRef(new Map<string, string>());
  const older = () => {
    before.current.set(next, cursor);
    props.change(next);
  };
  return (
    <nav className="ds-pages" aria-label={props.label}>
      {props.text && <span aria-live="polite">{props.text}</span>}
      <FormSelect
        className="ds-pages-size"
        aria-label={_("Rows on each page")}
        value={String(props.perPage)}
        onChange={(_event, value) => props.changePerPage(Number(value))}
      >
        {props.sizes.map((rows) => (
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
        aria-label={props.newer}
        isDisabled={cursor === ""}
        onClick={() => props.change(before.current.get(cursor) ?? "")}
      />
      <Button
        variant="plain"
        icon={<RightIcon className="pf-v6-m-mirror-inline-rtl" />}
        aria-label={props.older}
        isDisabled={next === ""}
        onClick={older}
      />
    </nav>
  );
}
