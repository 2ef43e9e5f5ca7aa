/** A part that not everybody may see: whoever may not does not ask, since refusals go on record. */
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import type { ReactNode } from "react";
import { selinux } from "../../agent/selinux/contract.ts";
import { useAccess } from "../lib/capabilities.tsx";
import { _ } from "../lib/i18n.ts";
import { Failure, Loading, Nothing } from "../lib/states.tsx";

interface Props {
  action: keyof typeof selinux.actions;
  /** Why not everybody may. */
  means: string;
  children: ReactNode;
}

export function MayNot({ action, means, children }: Props) {
  const { who, why, error } = useAccess();
  if (!who) return error ? <Failure error={error} /> : <Loading />;
  const reason = why(selinux, action);
  if (reason === undefined) return children;
  return (
    <section className="ds-panel">
      <Nothing title={_("You may not see this")} icon={LockIcon}>
        {means} {reason}
      </Nothing>
    </section>
  );
}
