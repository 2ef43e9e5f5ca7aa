/** A field for an instant, in the time of the browser; the agent hears UTC. */
import { toTime } from "./view.ts";

/** As the browser's own field wants it: local time, without a zone. */
export function toLocal(time: string): string {
  if (time === "") return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface Props {
  label: string;
  /** In the agent's form; empty for none. */
  value: string;
  change: (time: string) => void;
}

export function TimeField({ label, value, change }: Props) {
  return (
    <label className="au-field">
      {label}
      <input
        className="au-time"
        type="datetime-local"
        value={toLocal(value)}
        onChange={(event) => change(toTime(event.currentTarget.value))}
      />
    </label>
  );
}
