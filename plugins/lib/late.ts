/** Dialogs that few people open, in files of their own that are loaded then. */
import type { ReactNode } from "react";
import { _ } from "./i18n.ts";
import { loadPatiently } from "./parts.ts";
import { showDialog } from "./shown-dialog.ts";
import { toast } from "./toasts.tsx";

/** @param load gets the dialog; where it cannot be had, the person is told */
export async function showLate(load: () => Promise<ReactNode>): Promise<void> {
  try {
    showDialog(await loadPatiently(load));
  } catch (cause) {
    console.debug("dialog", cause);
    // A file of the page may have gone with the version that it belonged to.
    const what = _("This part of the page could not be loaded; reload the page.");
    toast("danger", _("The dialog was not opened"), what);
  }
}
