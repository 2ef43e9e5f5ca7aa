/** A check mark that narrows a list; it stands in the address as `name=yes`. */
import { changeOption } from "./list.ts";

export function Only({ name, on, label }: { name: string; on: boolean; label: string }) {
  return (
    <label className="ds-check">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => changeOption(name, event.currentTarget.checked ? "yes" : "")}
      />
      {label}
    </label>
  );
}
