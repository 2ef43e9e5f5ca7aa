/** A filter that is in force, with a button that takes it away. */
import CloseIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { _, format } from "./i18n.ts";

export function Chip({ text, remove }: { text: string; remove: () => void }) {
  return (
    <span className="pf-v6-c-label pf-m-outline ds-chip">
      <span className="pf-v6-c-label__content">
        <span className="pf-v6-c-label__text">{text}</span>
      </span>
      <button
        type="button"
        className="ds-chip-close"
        aria-label={format(_("Remove the filter “$0”"), text)}
        onClick={remove}
      >
        <CloseIcon />
      </button>
    </span>
  );
}
