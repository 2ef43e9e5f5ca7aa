/** Search fields: one by itself, and one whose text stands in the address. */
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useEffect, useRef, useState } from "react";
import { _ } from "./i18n.ts";

/** Milliseconds after the last key before the address changes, and the agent is asked. */
const typingPause = 300;

interface Props {
  label: string;
  text: string;
  maximum?: number;
  change: (text: string) => void;
}

export function SearchField({ label, text, maximum, change }: Props) {
  return (
    <TextInput
      className="ds-search"
      type="search"
      aria-label={label}
      placeholder={_("Search")}
      value={text}
      maxLength={maximum}
      onChange={(_event, value) => change(value)}
    />
  );
}

/** Here `text` is what stands in the address, which changes when somebody stops typing. */
export function Search({ label, text: known, maximum, change }: Required<Props>) {
  const [text, setText] = useState(known);
  const sent = useRef(known);
  const tell = useRef(change);
  tell.current = change;
  // Only what somebody else put into the address: what was typed on meanwhile must stay.
  useEffect(() => {
    if (known === sent.current) return;
    sent.current = known;
    setText(known);
  }, [known]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      tell.current(text);
    }, typingPause);
    return () => clearTimeout(timer);
  }, [text]);
  return <SearchField label={label} text={text} maximum={maximum} change={setText} />;
}
