/** A link to another page of the console. */
import type { MouseEvent, ReactNode } from "react";
import { withNode } from "./host.ts";

interface Props {
  /** For example `audit`. */
  page: string;
  /** Place in that page, for example `?action=selinux.Proved`. */
  at?: string;
  /** Name of another member of the cluster; the one that this page speaks to where it is left out. */
  node?: string | undefined;
  className?: string;
  children: ReactNode;
}

/** Inside of Cockpit's shell only the shell can show another page; alone, the link itself does. */
function jump(event: MouseEvent, address: string): void {
  if (window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  cockpit.jump(`/dsecos/${address.replace(".html", "")}`);
}

export function PageLink({ page, at = "", node, className, children }: Props) {
  const address = withNode(`${page}.html#/${at}`, node);
  return (
    <a className={className} href={address} onClick={(event) => jump(event, address)}>
      {children}
    </a>
  );
}
