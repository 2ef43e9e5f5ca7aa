/** A link to another page of the console. */
import type { MouseEvent, ReactNode } from "react";

interface Props {
  /** For example `audit`. */
  page: string;
  /** Place in that page, for example `?action=selinux.Proved`. */
  at?: string;
  className?: string;
  children: ReactNode;
}

/** Inside of Cockpit's shell only the shell can show another page; alone, the link itself does. */
function jump(event: MouseEvent, page: string, at: string): void {
  if (window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  cockpit.jump(`/dsecos/${page}#/${at}`);
}

export function PageLink({ page, at = "", className, children }: Props) {
  return (
    <a
      className={className}
      href={`${page}.html#/${at}`}
      onClick={(event) => jump(event, page, at)}
    >
      {children}
    </a>
  );
}
