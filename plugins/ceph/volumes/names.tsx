/** Which volumes are meant, where they are more than one. */
import type { VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { keyOf } from "./view.ts";
import { bytes } from "./words.ts";

export function VolumeNames({ rows }: { rows: readonly VolumeRow[] }) {
  if (rows.length < 2) return null;
  return (
    <ul className="ce-names">
      {rows.map((row) => (
        <li key={keyOf(row)}>
          <strong>{row.name}</strong>{" "}
          <span className="ds-subtle">
            {row.tenant} · {bytes(row.used)}
          </span>
        </li>
      ))}
    </ul>
  );
}
