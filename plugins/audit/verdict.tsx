/** Whether the record can be relied on: five kinds of evidence, each with its age and its command. */
import type { ReactNode } from "react";
import type { PartState, PartStatus, Status } from "../../agent/audit/answers.ts";
import { audit } from "../../agent/audit/contract.ts";
import { commandOf } from "../lib/command.ts";
import { Command } from "../lib/help.tsx";
import { useNow } from "../lib/hooks.ts";
import { _, format, relativeTime } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";
import { stateColors, stateName } from "./words.ts";

interface Part {
  key: "chain" | "tree" | "tpm" | "witnesses" | "offload";
  title: string;
  /** What this evidence can show, for somebody who sees it for the first time. */
  means: string;
  /** The age in words; `$0` is for example “12 seconds ago”. */
  age: string;
  /** How a sceptic checks it himself. */
  command: string;
}

/** Needs root where it is run; a copy of the directory on another machine does not. */
export const offline = "dsecos audit verify /var/lib/dsecos/audit";

function parts(): Part[] {
  return [
    {
      key: "chain",
      title: _("Chain"),
      means: _("Every event carries a SHA3-512 of all before it, so a change in the middle shows."),
      age: _("checked $0"),
      command: commandOf(audit, "Verify", []),
    },
    {
      key: "tree",
      title: _("Tree and seal"),
      means: _("A signed checkpoint counts the events and fixes them all by one hash."),
      age: _("sealed $0"),
      command: commandOf(audit, "Checkpoint", []),
    },
    {
      key: "tpm",
      title: _("TPM"),
      means: _("A counter that only rises shows that no older copy was put back."),
      age: _("attested $0"),
      command: `${offline} --tpm-root FILE`,
    },
    {
      key: "witnesses",
      title: _("Witnesses"),
      means: _(
        "What others outside of this node have signed cannot be rewritten, not even by root.",
      ),
      age: _("signed $0"),
      command: `${offline} --witness KEY --checkpoint FILE`,
    },
    {
      key: "offload",
      title: _("Copies elsewhere"),
      means: _("A copy that nobody here can change brings back what is removed from this node."),
      age: _("copied $0"),
      command: "dsecos audit verify COPY",
    },
  ];
}

/** Written out, since the build takes rules out of the style sheet whose names occur nowhere. */
const classes: Record<PartState, string> = {
  ok: " au-part-good",
  warning: " au-part-weak",
  alarm: " au-part-bad",
  unknown: "",
};

/** One sentence over all; anything that is not good keeps it from being good. */
function overall(states: readonly PartState[], alarms: number): { state: PartState; text: string } {
  if (states.includes("alarm")) {
    return {
      state: "alarm",
      text: _("Do not rely on this record before what is bad here is explained."),
    };
  }
  if (alarms > 0) {
    return {
      state: "warning",
      text: _(
        "Nothing speaks against this record itself, but what stands above needs somebody now.",
      ),
    };
  }
  // The chain comes first: without it nobody knows whether the record is whole.
  if (states[0] === "unknown") {
    return {
      state: "unknown",
      text: _("Whether this record is whole is not known: it was not verified yet."),
    };
  }
  if (states.includes("unknown")) {
    return {
      state: states.includes("warning") ? "warning" : "unknown",
      text: _("Nothing speaks against this record, but not everything was checked."),
    };
  }
  if (states.includes("warning")) {
    return {
      state: "warning",
      text: _("Nothing speaks against this record, with less proof than it could have."),
    };
  }
  return {
    state: "ok",
    text: _(
      "This record is whole, and nobody on this node could have rewritten what others signed.",
    ),
  };
}

function outOfDate(): { state: PartState; text: string } {
  return {
    state: "unknown",
    text: _("What stands here is old; whether it still holds is unknown."),
  };
}

interface Props {
  status: Status;
  /** The agent could not be asked again: what is known is old. */
  stale: boolean;
  children: ReactNode;
}

export function Verdict({ status, stale, children }: Props) {
  const now = useNow(5000);
  const all = parts();
  const { state, text } = stale
    ? outOfDate()
    : overall(
        all.map(({ key }) => status[key].state),
        status.alarms.length,
      );
  return (
    <section className="ds-panel ds-stack au-verdict" aria-labelledby="au-verdict-title">
      <div className="ds-job-head">
        <Tag color={stateColors[state]}>{stateName(state)}</Tag>
        <h2 id="au-verdict-title" className="pf-v6-c-title pf-m-md">
          {text}
        </h2>
      </div>
      <ul className="au-parts">
        {all.map((part) => (
          <Evidence key={part.key} part={part} found={status[part.key]} now={now} />
        ))}
      </ul>
      {children}
    </section>
  );
}

function Evidence({ part, found, now }: { part: Part; found: PartStatus; now: number }) {
  const { state, at, text } = found;
  return (
    <li className={`au-part${classes[state]}`} data-part={part.key} data-state={state}>
      <div className="ds-job-head">
        <strong>{part.title}</strong>
        <span className="ds-grow" />
        <Tag color={stateColors[state]}>{stateName(state)}</Tag>
      </div>
      <p className="ds-subtle">
        {at ? <time dateTime={at}>{format(part.age, relativeTime(at, now))}</time> : _("never yet")}
      </p>
      <p>{text}</p>
      <details>
        <summary>{_("Check it yourself")}</summary>
        <p className="ds-subtle">{part.means}</p>
        <Command text={part.command} />
      </details>
    </li>
  );
}
