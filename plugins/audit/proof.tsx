/** The proof of one event, recomputed here, and what it leads to. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useEffect, useState } from "react";
import type { Shown } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import { commandOf } from "../lib/command.ts";
import { Command } from "../lib/help.tsx";
import { _, dateTime, format, ngettext, number } from "../lib/i18n.ts";
import { Tag, type TagColor } from "../lib/tag.tsx";
import { type Proof, prove } from "./prove.ts";
import { offline } from "./verdict.tsx";

const colors: Record<Proof["state"], TagColor> = {
  proved: "green",
  waiting: "grey",
  unable: "grey",
  wrong: "red",
};

function stateName(state: Proof["state"]): string {
  const names = {
    proved: _("proved"),
    waiting: _("not sealed yet"),
    unable: _("not checked"),
    wrong: _("does not hold"),
  };
  return names[state];
}

function explain(proof: Proof): string {
  switch (proof.state) {
    case "proved":
      return format(
        _(
          "This page hashed the event's bytes and, over $0, came to the very root of the checkpoint over $1 that $2 signed. The signatures themselves are checked by the commands below.",
        ),
        ngettext("$0 step", "$0 steps", proof.steps),
        ngettext("$0 event", "$0 events", proof.checkpoint.size),
        proof.checkpoint.signers[0] ?? proof.checkpoint.origin,
      );
    case "waiting":
      return _("The next checkpoint counts this event; it comes a few seconds after it.");
    case "unable":
      return format(_("$0 The commands below check it."), proof.why);
    case "wrong":
      return format(
        _(
          "Do not rely on this event: $0. Keep a copy of the record's directory and verify it on another machine.",
        ),
        proof.why,
      );
  }
}

/** Undefined while the page computes. */
export function useProof(shown: Shown | undefined): Proof | undefined {
  const [proof, setProof] = useState<Proof>();
  useEffect(() => {
    let stale = false;
    setProof(undefined);
    if (shown) void prove(shown).then((found) => !stale && setProof(found));
    return () => {
      stale = true;
    };
  }, [shown]);
  return proof;
}

export function ProofTag({ proof }: { proof: Proof | undefined }) {
  return (
    <span aria-live="polite" data-proof={proof?.state ?? ""}>
      {proof && <Tag color={colors[proof.state]}>{stateName(proof.state)}</Tag>}
    </span>
  );
}

interface Props {
  shown: Shown;
  proof: Proof | undefined;
  /** Asks for the proof once more, where there was none yet. */
  again: () => void;
}

export function ProofSection({ shown, proof, again }: Props) {
  const { entry, hash, sealed } = shown;
  return (
    <section className="ds-stack" aria-labelledby="au-proof-title">
      <h3 id="au-proof-title" className="pf-v6-c-title pf-m-md">
        {_("Proof")}
      </h3>
      <p>{proof ? explain(proof) : _("The page recomputes it now …")}</p>
      {proof?.state === "waiting" && (
        <Button variant="secondary" size="sm" onClick={again}>
          {_("Look again")}
        </Button>
      )}
      {sealed && (
        <p className="ds-subtle">
          {format(
            _("First sealed $0, $1, $2."),
            dateTime(sealed.time),
            sealed.tpm ? _("with the TPM") : _("without a TPM"),
            ngettext("$0 witness signed", "$0 witnesses signed", sealed.witnesses),
          )}
        </p>
      )}
      <Command text={commandOf(audit, "Show", [String(entry.sequence)])} />
      <Command text={`${offline} --event ${entry.sequence}`} />
      <details>
        <summary>{_("Hashes and checkpoint")}</summary>
        <Hashes shown={shown} hash={hash} />
      </details>
    </section>
  );
}

function Hashes({ shown, hash }: { shown: Shown; hash: string }) {
  const { proof } = shown;
  return (
    <dl className="au-hashes">
      <dt>{_("SHA3-512 of the entry, which the next event carries")}</dt>
      <dd>
        <code>{hash}</code>
      </dd>
      <dt>
        {format(_("Leaf $0 of $1 (SHA-256, base64)"), number(proof.index), number(proof.size))}
      </dt>
      <dd>
        <code>{proof.leaf}</code>
      </dd>
      <dt>{_("Inclusion proof (RFC 6962), from the leaf up")}</dt>
      <dd>
        <ol>
          {proof.hashes.map((step) => (
            <li key={step}>
              <code>{step}</code>
            </li>
          ))}
        </ol>
      </dd>
      {proof.checkpoint && (
        <>
          <dt>{_("Checkpoint, a signed note")}</dt>
          <dd>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it. */}
            <pre className="ds-log" tabIndex={0}>
              {proof.checkpoint}
            </pre>
          </dd>
        </>
      )}
    </dl>
  );
}
