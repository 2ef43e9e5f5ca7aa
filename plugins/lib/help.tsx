/** Shows the command that does the same, ready to be copied. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import CopyIcon from "@patternfly/react-icons/dist/esm/icons/copy-icon";
import HelpIcon from "@patternfly/react-icons/dist/esm/icons/outlined-question-circle-icon";
import { useCallback, useId, useRef, useState } from "react";
import { Floating } from "./floating.tsx";
import { _ } from "./i18n.ts";

/**
 * Copies by the old way too, since a page in a frame over plain HTTP has no clipboard interface.
 */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

interface CommandProps {
  text: string;
  copy?: string;
}

/** @param copy names the button, where the text is no command */
export function Command({ text, copy: name = _("Copy the command") }: CommandProps) {
  const [copied, setCopied] = useState(false);
  return (
    <span className="ds-command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so keys must reach it. */}
      <code tabIndex={0}>{text}</code>
      <Button
        variant="plain"
        size="sm"
        icon={<CopyIcon />}
        aria-label={copied ? _("Copied") : name}
        onClick={() => copy(text).then(() => setCopied(true), console.error)}
      />
      <span className="pf-v6-screen-reader" aria-live="polite">
        {copied ? _("Copied") : ""}
      </span>
    </span>
  );
}

export function CommandHelp(props: { label: string; text: string; commands: string[] }) {
  const [open, setOpen] = useState(false);
  const title = useId();
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <Button
        ref={button}
        variant="plain"
        icon={<HelpIcon />}
        aria-label={props.label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && button.current && (
        <Floating anchor={button.current} close={close}>
          <div className="ds-help ds-stack" role="dialog" aria-labelledby={title}>
            <strong id={title}>{props.label}</strong>
            <p>{props.text}</p>
            <p className="ds-subtle">{_("The same from the command line:")}</p>
            {props.commands.map((command) => (
              <Command key={command} text={command} />
            ))}
          </div>
        </Floating>
      )}
    </>
  );
}
