/** Which columns a table shows, and the menu in which a person chooses them. */
import { type ReactNode, useMemo } from "react";
import { _ } from "./i18n.ts";
import { CheckMenu } from "./menu.tsx";
import { useShownColumns } from "./preferences.ts";
import type { Column } from "./table.tsx";

/**
 * @param table under which the choice is kept
 * @param columns of which the first one, which names the row, always stays
 */
export function useColumns<Row>(
  table: string,
  columns: readonly Column<Row>[],
): { visible: readonly Column<Row>[]; menu: ReactNode } {
  const [shown, toggle] = useShownColumns(table, columns);
  const visible = useMemo(
    () => columns.filter(({ key }, at) => at === 0 || shown.includes(key)),
    [columns, shown],
  );
  const entries = columns.slice(1).map(({ key, title }) => ({ key, label: title }));
  const menu = <CheckMenu label={_("Columns")} entries={entries} chosen={shown} toggle={toggle} />;
  return { visible, menu };
}
