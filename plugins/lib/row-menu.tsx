/** The menu of whichever row of a table was asked for it. */
import { type ReactNode, useCallback, useState } from "react";
import { AnchoredMenu, type MenuEntry } from "./menu.tsx";

/** @param entriesOf of a row; where there are none, no menu is shown */
export function useRowMenu<Row>(entriesOf: (row: Row) => readonly MenuEntry[]): {
  openMenu: (row: Row, anchor: HTMLElement) => void;
  menu: ReactNode;
} {
  const [opened, setOpened] = useState<{ row: Row; anchor: HTMLElement }>();
  const openMenu = useCallback((row: Row, anchor: HTMLElement) => setOpened({ row, anchor }), []);
  const close = useCallback(() => setOpened(undefined), []);
  const entries = opened ? entriesOf(opened.row) : [];
  const menu = opened && entries.length > 0 && (
    <AnchoredMenu anchor={opened.anchor} entries={entries} close={close} />
  );
  return { openMenu, menu };
}
