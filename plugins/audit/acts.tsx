/** What can be done with the whole record, and how the last verification went. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { Status } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { showDialog } from "../lib/dialog.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, format, ngettext, relativeTime } from "../lib/i18n.ts";
import { place } from "../lib/location.ts";
import { Tag } from "../lib/tag.tsx";
import { ExportDialog } from "./export.tsx";
import { verificationColors, verificationName, verificationWords } from "./findings.tsx";
import { FindingsDialog, startVerification } from "./verify.tsx";
import { readView } from "./view.ts";

export function Acts({ status }: { status: Status }) {
  const { why } = useAccess();
  const now = useNow();
  const { verified, size, first } = status;
  const { state, at } = verified;
  return (
    <div className="ds-toolbar au-acts">
      <span>{ngettext("$0 event:", "$0 events:", Math.max(0, size - first + 1))}</span>
      <Tag color={verificationColors[state]}>{verificationName(state)}</Tag>
      {state !== "never" && (
        <>
          <span className="ds-subtle">
            {format(_("$0, $1"), relativeTime(at, now), verificationWords(verified))}
          </span>
          <Button
            variant="link"
            isInline
            size="sm"
            onClick={() => showDialog(<FindingsDialog verified={verified} />)}
          >
            {_("What was found")}
          </Button>
        </>
      )}
      <span className="ds-grow" />
      <div className="ds-toolbar">
        <ActionButton
          variant="secondary"
          why={why(audit, "read")}
          onClick={() => showDialog(<ExportDialog view={readView(place())} />)}
        >
          {_("Export")}
        </ActionButton>
        <ActionButton variant="secondary" why={why(audit, "verify")} onClick={startVerification}>
          {_("Verify now")}
        </ActionButton>
      </div>
    </div>
  );
}
