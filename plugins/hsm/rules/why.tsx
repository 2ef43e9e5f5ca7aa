/** Explains what the rules would say to an act, by the very table that is asked before each act. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useEffect, useState } from "react";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { Decision } from "../../../agent/hsm/jurisdiction/decide.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { adjust, type Place } from "../../lib/location.ts";
import { Failure, Loading } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { isWhole, questionOf, readQuestion, regionProblem, type Typed } from "./question.ts";

interface Props {
  tenant: string;
  place: Place;
  /** What can be chosen, beside any other. */
  regions: readonly string[];
}

export function Why({ tenant, place, regions }: Props) {
  const asked = readQuestion(place);
  const [typed, setTyped] = useState(asked);
  const text = JSON.stringify(asked);
  useEffect(() => setTyped(JSON.parse(text) as Typed), [text]);
  const region = (name: "token" | "key" | "node" | "recipient", label: string, hint: string) => (
    <TextField
      label={label}
      required={name === "token" || name === "recipient"}
      value={typed[name]}
      problem={typed[name] === "" ? "" : regionProblem(typed, name)}
      hint={hint}
      offers={regions}
      change={(value) => setTyped({ ...typed, [name]: value.toUpperCase() })}
    />
  );
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Would it be allowed, and why?")}</h2>
      <form
        className="pf-v6-c-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isWhole(typed)) return;
          const { act, token, key, node, recipient } = typed;
          adjust({ act: [act], token: [token], key: [key], node: [node], recipient: [recipient] });
        }}
      >
        <div className="ds-fields">
          <ChoiceField
            label={_("Act")}
            value={typed.act}
            options={[
              { value: "create", label: _("make a key") },
              { value: "use", label: _("use a key") },
              { value: "transfer", label: _("hand a key for data over") },
            ]}
            change={(act) => setTyped({ ...typed, act: act as Typed["act"] })}
          />
          {region("token", _("The token is in"), _("for example UK"))}
          {typed.act !== "create" &&
            region("key", _("The key was made in"), _("empty: where the token is"))}
          {typed.act !== "create" &&
            region("node", _("The node is in"), _("empty: where this node is"))}
          {typed.act === "transfer" && region("recipient", _("The recipient is in"), "")}
        </div>
        <div>
          <Button type="submit" variant="secondary" isDisabled={!isWhole(typed)}>
            {_("Explain")}
          </Button>
        </div>
      </form>
      {asked.token && isWhole(asked) && <Answer tenant={tenant} asked={asked} />}
    </section>
  );
}

function Answer({ tenant, asked }: { tenant: string; asked: Typed }) {
  const question = questionOf(asked);
  const query = useQuery(JSON.stringify([tenant, question]), () =>
    client(hsm).Decide(tenant, question),
  );
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading rows={2} />;
  return (
    <div className="ds-stack" aria-live="polite">
      <Said decision={data} />
      <Command text={commandOf(hsm, "Decide", [tenant, question])} />
    </div>
  );
}

function Said({ decision: { allowed, rule, sentence } }: { decision: Decision }) {
  return (
    <p data-decision={rule}>
      <Tag color={allowed ? "green" : "red"}>{allowed ? _("allowed") : _("refused")}</Tag>{" "}
      {sentence} <span className="ds-subtle">{rule}</span>
    </p>
  );
}
