/** One step: what people do and say, who confirmed it, and what was read back, in large letters. */
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { Ceremony } from "../../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../../agent/hsm/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client } from "../../lib/client.ts";
import { type PageError, toPageError } from "../../lib/errors.ts";
import { _, dateTime, format } from "../../lib/i18n.ts";
import { Tag } from "../../lib/tag.tsx";

type Step = Ceremony["steps"][number];

interface Props {
  ceremony: Ceremony;
  step: Step;
  refresh: () => void;
}

export function StepPanel({ ceremony, step, refresh }: Props) {
  const { state, title, text, role, facts, error, confirmedBy } = step;
  const open = state === "open";
  return (
    <li
      className={`ds-panel hsm-step${open || state === "acting" ? " hsm-step-open" : ""}`}
      data-step={step.name}
      data-state={state}
      aria-current={open ? "step" : undefined}
    >
      <div className="ds-job-head">
        <h3 className="pf-v6-c-title pf-m-md">{title}</h3>
        <StepTag state={state} confirmed={confirmedBy.length} />
        <span className="ds-grow" />
        <span className="ds-subtle">{role}</span>
      </div>
      <p className={open ? "hsm-script" : ""}>{text}</p>
      {facts.length > 0 && (
        <dl className="hsm-read">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="hsm-code">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {error && (
        <p className="ds-bad" role="alert">
          {format(_("It failed and must be confirmed anew: $0"), error)}
        </p>
      )}
      <Confirmations step={step} />
      {open && <Confirm key={ceremony.hash} ceremony={ceremony} step={step} refresh={refresh} />}
    </li>
  );
}

function StepTag({ state, confirmed }: { state: Step["state"]; confirmed: number }) {
  switch (state) {
    case "done":
      return <Tag color="green">{_("done")}</Tag>;
    case "acting":
      return <Tag color="blue">{_("the node carries it out")}</Tag>;
    case "open":
      return <Tag color="orange">{format(_("$0 of 2 confirmed"), confirmed)}</Tag>;
    default:
      return <Tag color="grey">{_("waits")}</Tag>;
  }
}

function Confirmations({ step: { confirmedBy } }: { step: Step }) {
  if (confirmedBy.length === 0) return null;
  return (
    <ul className="hsm-confirmed">
      {confirmedBy.map(({ user, uid, at }) => (
        <li key={uid}>{format(_("confirmed by $0, $1"), user, dateTime(at))}</li>
      ))}
    </ul>
  );
}

/** Space ticks, Enter confirms: the whole of it can be held with a keyboard. */
function Confirm({ ceremony, step, refresh }: Props) {
  const { who, why } = useAccess();
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const [read, setRead] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<PageError>();
  const own = step.confirmedBy.some(({ uid }) => uid === who?.uid);
  const may = own
    ? _("You confirmed it; another officer must, too.")
    : (why(hsm, "ceremony") ?? (read ? undefined : _("Say first that you have read it.")));
  // Whoever goes from step to step by keyboard finds the next one under the fingers.
  const isNext = step !== ceremony.steps[0] && !own;
  useEffect(() => {
    if (isNext && document.activeElement === document.body) box.current?.focus();
  }, [isNext]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (may || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await client(hsm).ConfirmStep(ceremony.id, step.name, ceremony.hash);
    } catch (cause) {
      setFailure(toPageError(cause));
    } finally {
      setBusy(false);
      refresh();
    }
  };
  return (
    <form className="hsm-confirm" onSubmit={submit}>
      {!own && (
        <div className="ds-check">
          <input
            ref={box}
            id={id}
            type="checkbox"
            checked={read}
            onChange={(event) => setRead(event.currentTarget.checked)}
          />
          <label htmlFor={id}>
            {_("I have read this step and all that was read back, and it is right.")}
          </label>
        </div>
      )}
      <ActionButton type="submit" variant="primary" why={may} isLoading={busy} isDisabled={busy}>
        {_("Confirm this step")}
      </ActionButton>
      {own && <span className="ds-subtle">{may}</span>}
      {failure && (
        <p className="ds-bad" role="alert">
          {failure.message}
        </p>
      )}
    </form>
  );
}
