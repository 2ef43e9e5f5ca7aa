/** A question to the rules of the loaded policy: may this type act on that one, and why? */
import "@patternfly/react-styles/css/components/Form/form.css";
import { type FormEvent, useEffect, useState } from "react";
import { selinux } from "../../agent/selinux/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { client, listen } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import type { PageError } from "../lib/errors.ts";
import { TextField } from "../lib/fields.tsx";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _ } from "../lib/i18n.ts";
import type { Place } from "../lib/location.ts";
import { Failure, Loading, Stale } from "../lib/states.tsx";
import { Explained } from "./explanation.tsx";
import { type Asked, ask, askedNames, isWhole, nameProblem, readAsked, trimmed } from "./view.ts";

const changes = (changed: () => void) => listen(selinux, "Changed", changed);

/** @param inactive no policy is loaded that could be asked */
export function WhyTab({ place, inactive }: { place: Place; inactive: boolean }) {
  const asked = readAsked(place);
  const whole = isWhole(asked);
  return (
    <section className="ds-panel ds-stack">
      <p>
        {_(
          "Every access that no rule allows is refused. Name who acts and on what, as a denial or “ps -Z” and “ls -Z” have it, and see which rules of the loaded policy speak about that.",
        )}
      </p>
      <Question asked={asked} place={place} />
      {whole && (inactive ? <OnlyInFiles asked={asked} /> : <Answer asked={asked} />)}
    </section>
  );
}

function labels() {
  return {
    source: { label: _("Source type"), hint: _("of the process, for example tenant0001_t") },
    target: { label: _("Target type"), hint: _("of what it acts on, such as tenant0002_vol_t") },
    class: { label: _("Class"), hint: _("what that is, for example file, dir or process") },
  };
}

function Question({ asked, place }: { asked: Asked; place: Place }) {
  const [typed, setTyped] = useState(asked);
  const meant = trimmed(typed);
  const { source, target, class: of } = asked;
  // Somebody followed a link to another question.
  useEffect(() => setTyped({ source, target, class: of }), [source, target, of]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole(meant)) ask(meant, place);
  };
  return (
    <form className="pf-v6-c-form" noValidate onSubmit={submit}>
      <div className="ds-fields">
        {askedNames.map((name) => (
          <TextField
            key={name}
            {...labels()[name]}
            value={typed[name]}
            problem={nameProblem(name, meant[name])}
            required
            change={(value) => setTyped({ ...typed, [name]: value })}
          />
        ))}
      </div>
      <div>
        <ActionButton
          type="submit"
          variant="primary"
          why={isWhole(meant) ? undefined : _("All three names are needed.")}
        >
          {_("Explain")}
        </ActionButton>
      </div>
    </form>
  );
}

function commandFor(asked: Asked): string {
  return commandOf(selinux, "Why", [asked.source, asked.target, asked.class]);
}

function OnlyInFiles({ asked }: { asked: Asked }) {
  return (
    <div className="ds-stack" role="status">
      <p>
        {_("No policy is loaded on this node. A policy in a file can be asked on any machine:")}
      </p>
      <Command text={`${commandFor(asked)} --policy FILE`} />
    </div>
  );
}

function Answer({ asked }: { asked: Asked }) {
  const { source, target, class: of } = asked;
  const query = useQuery(
    `why ${source} ${target} ${of}`,
    () => client(selinux).Why(source, target, of),
    { changes },
  );
  const { data, error } = query;
  if (query.loading) return <Loading rows={3} />;
  return (
    <div className="ds-stack">
      {data ? (
        <>
          <Stale error={error} />
          <Explained explanation={data} />
        </>
      ) : (
        error && <NoAnswer error={error} retry={query.refresh} />
      )}
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandFor(asked)} />
      </div>
    </div>
  );
}

/** A name that the policy does not have is a matter of typing, not a failure. */
function NoAnswer({ error, retry }: { error: PageError; retry: () => void }) {
  if (error.code !== "NotFound" && error.code !== "InvalidArgument") {
    return <Failure error={error} retry={retry} />;
  }
  return (
    <div className="ds-stack" role="alert">
      <p className="ds-bad">{error.message}</p>
      <p>{_("List the types and the classes that the loaded policy has:")}</p>
      <Command text="seinfo --type" />
      <Command text="seinfo --class" />
    </div>
  );
}
