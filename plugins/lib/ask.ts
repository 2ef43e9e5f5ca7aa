/** Begins what may need a second person first. */
import { toPageError } from "./errors.ts";
import { _ } from "./i18n.ts";
import { watchJob } from "./jobs.ts";
import { toast } from "./toasts.tsx";

/** @param begin gives the id of a job @throws PageError when it failed otherwise */
export function ask(begin: () => Promise<string>): Promise<void> {
  return orWait(async () => watchJob(await begin()));
}

/** The same for what is done at once. @param done what to say then */
export function askFor(act: () => Promise<unknown>, done: string): Promise<void> {
  return orWait(async () => {
    await act();
    toast("success", done);
  });
}

async function orWait(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    const error = toPageError(cause);
    if (error.code !== "NeedsApproval") throw error;
    toast(
      "info",
      _("The request waits for a second person"),
      _("Another officer approves it below “Approvals”; then carry it out there."),
    );
  }
}

/** The same from a button, without a dialog that could show why it failed. */
export async function askAtOnce(failed: string, begin: () => Promise<string>): Promise<void> {
  try {
    await ask(begin);
  } catch (cause) {
    toast("danger", failed, toPageError(cause).message);
  }
}
