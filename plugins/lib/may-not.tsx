/** A part that not everybody may see: whoever may not does not ask, since refusals go on record. */
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import type { ReactNode } from "react";
import type { Interface } from "../../agent/bus/contract.ts";
import { useAccess } from "./capabilities.tsx";
import { _ } from "./i18n.ts";
import { Failure, Loading, Nothing } from "./states.tsx";

interface Props {
  contract: Interface;
  action: string;
  /** Why not everybody may. */
  means: string;
  children: ReactNode;
}

export function MayNot({ contract, action, means, children }: Props) {
  const { who, why, error } = useAccess();
  if (!who) return error ? <Failure error={error} /> : <Loading />;
  const reason = why(contract, action);
  if (reason === undefined) return children;
  return (
    <section className="ds-panel">
      <Nothing title={_("You may not see this")} icon={LockIcon}>
        {means} {reason}
      </Nothing>
    </section>
  );
}
