/** Opens dialogs about what an operator does, which are loaded then. */
import type { ReactElement } from "react";
import { showLate } from "../../lib/late.ts";

type Dialogs = typeof import("./dialogs.tsx");

export const openAct = (make: (dialogs: Dialogs) => ReactElement): Promise<void> =>
  showLate(async () => make(await import("./dialogs.tsx")));
