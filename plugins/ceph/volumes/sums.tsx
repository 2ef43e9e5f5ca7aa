/** What all volumes that match come to, and what is not known or was declared by nobody. */
import type { VolumePage } from "../../../agent/ceph/volumes/answers.ts";
import { _, format, ngettext } from "../../lib/i18n.ts";
import { bytes } from "./words.ts";

/** More are counted and not shown. */
const mostStrays = 20;

export function Sums({ page }: { page: VolumePage }) {
  if (page.total === 0) return null;
  return (
    <p data-sums={page.total}>
      {format(
        _("$0: $1 fit into them, $2 was counted in them."),
        ngettext("$0 volume", "$0 volumes", page.total),
        bytes(page.bytes),
        bytes(page.used),
      )}
    </p>
  );
}

export function Unknown({ sentence }: { sentence: string }) {
  if (sentence === "") return null;
  return (
    <p className="ds-bad" role="alert" data-unknown>
      {_("What is said of volumes may be old:")} {sentence}
    </p>
  );
}

export function Strays({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  const hidden = sentences.length - mostStrays;
  return (
    <section className="ds-panel ds-stack" data-strays={sentences.length}>
      <h2 className="pf-v6-c-title pf-m-md">{_("Declared by nobody")}</h2>
      <p>
        {_(
          "This lies where tenants’ volumes are, and nobody declared it. It is left alone: whoever knows what it is decides.",
        )}
      </p>
      <ul className="ce-sentences">
        {sentences.slice(0, mostStrays).map((sentence) => (
          <li key={sentence} className="ce-code">
            {sentence}
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className="ds-subtle">{ngettext("and $0 more", "and $0 more", hidden)}</p>}
    </section>
  );
}
