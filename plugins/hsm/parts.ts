/** All parts of the page, in the order of their tabs; the first one is shown where none is named. */
import { overview } from "./overview.tsx";
import type { Part } from "./part.ts";

export const parts: readonly Part[] = [overview];
