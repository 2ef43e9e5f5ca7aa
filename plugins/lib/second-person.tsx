/** Says before it is asked for that others decide, too. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { _ } from "./i18n.ts";

export function SecondPerson() {
  return (
    <Alert isInline component="h2" variant="info" title={_("Another person must approve it")}>
      {_("An officer other than you approves exactly this; then you carry it out.")}
    </Alert>
  );
}
