/** What all long lists have below them: how many rows a page has, and ways to the pages beside. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import LeftIcon from "@patternfly/react-icons/dist/esm/icons/angle-left-icon";
import RightIcon from "@patternfly/react-icons/dist/esm/icons/angle-right-icon";
import { _, format, number } from "./i18n.ts";

interface Way {
  label: string;
  /** Undefined where there is no page in this direction. */
  go: (() => void) | undefined;
}

interface Props {
  label: string;
  /** What is on this page, for example “1 to 100”. */
  text: string;
  perPage: number;
  sizes: readonly number[];
  changePerPage: (perPage: number) => void;
  back: Way;
  on: Way;
}

export function PageControls({ label, text, perPage, sizes, changePerPage, back, on }: Props) {
  return (
    <nav className="ds-pages" aria-label={label}>
      {text && <span aria-live="polite">{text}</span>}
      <FormSelect
        className="ds-pages-size"
        aria-label={_("Rows on each page")}
        value={String(perPage)}
        onChange={(_event, value) => changePerPage(Number(value))}
      >
        {sizes.map((rows) => (
          <FormSelectOption
            key={rows}
            value={String(rows)}
            label={format(_("$0 per page"), number(rows))}
          />
        ))}
      </FormSelect>
      <Turn way={back} icon={LeftIcon} />
      <Turn way={on} icon={RightIcon} />
    </nav>
  );
}

function Turn({ way: { label, go }, icon: Icon }: { way: Way; icon: typeof LeftIcon }) {
  return (
    <Button
      variant="plain"
      icon={<Icon className="pf-v6-m-mirror-inline-rtl" />}
      aria-label={label}
      isDisabled={go === undefined}
      onClick={go}
    />
  );
}
