/** All parts of the page, in the order of their tabs; the first one is shown where none is named. */

import { ceremonies } from "./ceremony/tab.tsx";
import { certificates } from "./certificates/tab.tsx";
import { keys } from "./keys/tab.tsx";
import { overview } from "./overview.tsx";
import type { Part } from "./part.ts";
import { rules } from "./rules/tab.tsx";
import { statement } from "./statement/tab.tsx";
import { tokens } from "./tokens/tab.tsx";

export const parts: readonly Part[] = [
  overview,
  tokens,
  keys,
  certificates,
  rules,
  ceremonies,
  statement,
];
