/** Opens dialogs about volumes, which are loaded then. */
import type { ReactElement } from "react";
import { showDialog } from "../../lib/dialog.tsx";
import { _ } from "../../lib/i18n.ts";
import { toast } from "../../lib/toasts.tsx";

type Dialogs = typeof import("./dialogs.tsx");

export async function openDialog(make: (dialogs: Dialogs) => ReactElement): Promise<void> {
  try {
    showDialog(make(await import("./dialogs.tsx")));
  } catch (cause) {
    console.debug("volumes", cause);
    const what = _("This part of the page could not be loaded; reload the page.");
    toast("danger", _("The dialog was not opened"), what);
  }
}
