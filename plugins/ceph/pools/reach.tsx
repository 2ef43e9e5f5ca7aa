/** Jurisdictions where data may come to lie, and whether these are all. */
import { Fragment } from "react";
import { _ } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";

interface Props {
  reach: { jurisdictions: readonly string[]; certain: boolean };
}

export function Reach({ reach: { jurisdictions, certain } }: Props) {
  return (
    <>
      {jurisdictions.map((name) => (
        <Fragment key={name}>
          <Tag color={certain ? "blue" : "grey"}>{name}</Tag>{" "}
        </Fragment>
      ))}
      {!certain && (
        <span className="ds-subtle">
          {jurisdictions.length === 0 ? _("not known") : _("and others, for all that is known")}
        </span>
      )}
    </>
  );
}

/** What a rule does, one step after the other. */
export function Steps({ steps }: { steps: readonly string[] }) {
  return (
    <ol className="ce-steps">
      {steps.map((step, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a rule may do the same twice, and its steps keep their places.
        <li key={at}>{step}</li>
      ))}
    </ol>
  );
}
