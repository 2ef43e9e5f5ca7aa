/** Tenants, permissions, policy and keys as they were. */
import { useState } from "react";
import type { Replay } from "../../agent/audit/replay/answers.ts";
import { _, dateTime, format, number } from "../lib/i18n.ts";
import { SearchField } from "../lib/search.tsx";
import { Nothing } from "../lib/states.tsx";
import { Tag } from "../lib/tag.tsx";
import { Details, inShort } from "./facts.tsx";

type Kind = Replay["objects"][number]["kind"];

const kinds: readonly Kind[] = ["tenant", "permission", "policy", "key"];

export function kindName(kind: Kind): string {
  const names = {
    tenant: _("Tenants"),
    permission: _("Permissions"),
    policy: _("Policy"),
    key: _("Keys"),
  };
  return names[kind];
}

interface Props {
  replay: Replay;
  stale: boolean;
  /** Sequence of the change that led here. */
  changed: number | undefined;
}

export function Objects({ replay, stale, changed }: Props) {
  const [wanted, setWanted] = useState("");
  const { objects, known, since } = replay;
  if (!known) {
    return (
      <Nothing title={_("What held then is not known")}>
        {_(
          "The state is recorded when the agent starts and then with each change; this instant lies before the first time.",
        )}
      </Nothing>
    );
  }
  const found = objects.filter(({ name, state }) =>
    `${name} ${JSON.stringify(state)}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  return (
    <div className={`ds-stack${stale ? " au-stale" : ""}`} aria-busy={stale}>
      <SearchField label={_("Search in what held")} text={wanted} change={setWanted} />
      {kinds.map((kind) => (
        <Group
          key={kind}
          kind={kind}
          objects={found.filter((object) => object.kind === kind)}
          changed={changed}
        />
      ))}
      {since && (
        <p className="ds-subtle">
          {format(
            _("All of it was recorded anew on $0; changes since then follow."),
            dateTime(since),
          )}
        </p>
      )}
    </div>
  );
}

function Group(props: { kind: Kind; objects: Replay["objects"]; changed: number | undefined }) {
  const { kind, objects, changed } = props;
  return (
    <section aria-label={kindName(kind)}>
      <h3 className="pf-v6-c-title pf-m-md">
        {format(_("$0 ($1)"), kindName(kind), number(objects.length))}
      </h3>
      {objects.length === 0 && <p className="ds-subtle">{_("None.")}</p>}
      {objects.map(({ name, state, sequence, time }) => (
        <details key={name} className="au-object" data-object={name}>
          <summary>
            <strong>{name}</strong>{" "}
            {sequence === changed && <Tag color="blue">{_("changed here")}</Tag>}{" "}
            <span className="ds-subtle">{inShort(state)}</span>
          </summary>
          <Details details={state} />
          <p className="ds-subtle">
            {format(_("Told by event $0, $1."), number(sequence), dateTime(time))}{" "}
            <a href={`#/event/${sequence}`}>{_("Show it with its proof")}</a>
          </p>
        </details>
      ))}
    </section>
  );
}
