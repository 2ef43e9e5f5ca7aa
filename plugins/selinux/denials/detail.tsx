/** One kind of denial in full: why it was refused, what can be done, and all that is known of it. */
import { selinux } from "../../../agent/selinux/contract.ts";
import { commandOf } from "../../lib/command.ts";
import { Command } from "../../lib/help.tsx";
import { _, dateTime, format, ngettext, number } from "../../lib/i18n.ts";
import { askAddress } from "../view.ts";
import { FixPart } from "./fix.tsx";
import { causeOf, causeWords, type Denial, factsOf } from "./words.ts";

export function DenialDetail({ denial }: { denial: Denial }) {
  const { explanation, sourceType, targetType, class: of } = denial;
  const { todo } = causeWords(causeOf(denial));
  const alarm = explanation?.alarm ?? false;
  return (
    <div
      className={`ds-stack${alarm ? " se-kind" : ""}`}
      data-cause={causeOf(denial)}
      data-alarm={alarm}
    >
      <p className="se-sentence">
        {explanation?.text ?? _("No policy is loaded that could explain it.")}
      </p>
      <p>{format(_("What to do: $0"), todo)}</p>
      {explanation?.fix && <FixPart fix={explanation.fix} />}
      <Facts denial={denial} />
      <p className="ds-subtle">
        <a href={askAddress({ source: sourceType, target: targetType, class: of })}>
          {format(_("All rules of $0 about $1"), sourceType, targetType)}
        </a>
      </p>
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(selinux, "Denials", [{ text: targetType }])} />
      </div>
    </div>
  );
}

function Facts({ denial }: { denial: Denial }) {
  const { first, last, count, passed, by, source, target, paths, ports } = denial;
  return (
    <dl className="ds-facts">
      <dt>{_("Times")}</dt>
      <dd>
        {format(_("$0, first $1, last $2"), number(count), dateTime(first), dateTime(last))}
        {passed > 0 && <span className="ds-trouble"> {passedWords(passed, count)}</span>}
      </dd>
      <dt>{_("Refused by")}</dt>
      <dd>{by === "kernel" ? _("the kernel") : _("a program that asks the policy")}</dd>
      <dt>{_("Context of the source")}</dt>
      <dd>
        <code className="se-code">{source}</code>
      </dd>
      <dt>{_("Context of the target")}</dt>
      <dd>
        <code className="se-code">{target}</code>
      </dd>
      {paths.length > 0 && (
        <>
          <dt>{_("Paths, some of them")}</dt>
          <dd>
            {paths.map((path) => (
              <div key={path}>
                <code className="se-code">{path}</code>
              </div>
            ))}
          </dd>
        </>
      )}
      {ports.length > 0 && (
        <>
          <dt>{_("Ports, some of them")}</dt>
          <dd>{ports.join(", ")}</dd>
        </>
      )}
      {factsOf(denial).map(({ key, name, value }) => (
        <div key={key} className="se-fact">
          <dt>{name}</dt>
          <dd>
            <code className="se-code">{value}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function passedWords(passed: number, count: number): string {
  if (passed === count) return _("It was let pass each time, since nothing was enforced there.");
  return ngettext(
    "It was let pass $0 time, since nothing was enforced there then.",
    "It was let pass $0 times, since nothing was enforced there then.",
    passed,
  );
}
