/** Reach between tenants: that there is none, or who reaches whom and by what. */
import type { SelinuxStatus } from "../../../agent/selinux/answers.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";
import { tabAddress } from "../view.ts";
import { kindWords } from "../words.ts";
import { type Pair, type Reach, reachOf } from "./reach.ts";

/** A larger matrix would be read by nobody; the pairs below it name all. */
const largest = 12;

export function ReachPanel({ status, stale }: { status: SelinuxStatus; stale: boolean }) {
  const { proof, current } = status;
  const reach = reachOf(proof);
  return (
    <section
      className="ds-panel ds-stack"
      aria-labelledby="se-reach"
      data-reach={reach.pairs.length}
    >
      <h2 id="se-reach" className="pf-v6-c-title pf-m-md">
        {_("Who reaches whom")}
      </h2>
      {proof.counts ? (
        <>
          {(!current || stale) && (
            <p>
              <Tag color="grey">{_("unknown")}</Tag>{" "}
              {_("This is of the newest proof, which is not about the policy that is loaded now.")}
            </p>
          )}
          <Found reach={reach} sure={current === true && !stale && proof.state === "proved"} />
        </>
      ) : (
        <p>
          <Tag color="grey">{_("unknown")}</Tag>{" "}
          {current === null
            ? _("No policy is loaded, so nothing that SELinux does keeps one tenant from another.")
            : _("There is no proof of the loaded policy.")}
        </p>
      )}
    </section>
  );
}

function Found({ reach, sure }: { reach: Reach; sure: boolean }) {
  const { possible, pairs, slots, others, more } = reach;
  return (
    <>
      <p>
        {sure && <Tag color="green">{_("good")}</Tag>}{" "}
        {pairs.length === 0
          ? format(
              _("No slot reaches another: of $0 possible ways from one slot to another, none."),
              number(possible),
            )
          : format(
              _("$0 of $1 possible ways from one slot to another are open."),
              number(pairs.length),
              number(possible),
            )}
      </p>
      {(others > 0 || more > 0) && (
        <p>
          <a href={tabAddress("proof")}>
            {ngettext(
              "$0 more thing speaks against the proof, about one tenant, or is not listed here.",
              "$0 more things speak against the proof, about one tenant, or are not listed here.",
              others + more,
            )}
          </a>
        </p>
      )}
      {pairs.length > 0 && slots.length <= largest && <Matrix slots={slots} pairs={pairs} />}
      {pairs.length > 0 && <Pairs pairs={pairs} />}
    </>
  );
}

function Matrix({ slots, pairs }: Pick<Reach, "slots" | "pairs">) {
  const between = (from: string, to: string) =>
    pairs.find((pair) => pair.from === from && pair.to === to);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so keys must reach it.
    <div className="se-scroll" tabIndex={0}>
      <table className="se-matrix" aria-label={_("Ways from one slot to another")}>
        <thead>
          <tr>
            <td className="ds-subtle">{_("from ↓ to →")}</td>
            {slots.map(({ slot, name }) => (
              <th key={slot} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {slots.map(({ slot: from, name }) => (
            <tr key={from}>
              <th scope="row">{name}</th>
              {slots.map(({ slot: to }) => {
                const pair = between(from, to);
                return (
                  <td key={to} className={pair ? "se-guilty" : ""}>
                    {from === to ? "·" : pair ? number(pair.violations.length) : _("none")}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Pairs({ pairs }: { pairs: readonly Pair[] }) {
  return (
    <ul className="se-names">
      {pairs.map(({ from, to, fromName, toName, violations }) => (
        <li key={`${from} ${to}`} className="se-kind" data-pair={`${from} ${to}`}>
          <strong>{format(_("$0 → $1"), fromName, toName)}</strong>{" "}
          <Tag color="red">
            {kindWords(violations[0]?.kind ?? "")?.title ?? violations[0]?.kind}
          </Tag>
          <p className="se-sentence">{violations[0]?.sentence}</p>
          {violations.length > 1 && (
            <a href={tabAddress("proof")}>
              {ngettext("and $0 more", "and $0 more", violations.length - 1)}
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
