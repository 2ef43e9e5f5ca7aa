/** Goes on in a list that has no page numbers, since it grows at its beginning, and back. */
import { useRef } from "react";
import { PageControls } from "./page-controls.tsx";

interface Props {
  label: string;
  /** What is on this page, for example “1 to 100”. */
  text: string;
  /** Names of the two directions. */
  newer: string;
  older: string;
  /** Of this page, and of the one behind it; empty for the first and behind the last. */
  cursor: string;
  next: string;
  perPage: number;
  sizes: readonly number[];
  change: (cursor: string) => void;
  changePerPage: (perPage: number) => void;
}

export function CursorPages({ cursor, next, newer, older, change, ...rest }: Props) {
  /** Cursors of the pages on the way here, by the page that they led to. */
  const before = useRef(new Map<string, string>());
  const goBack = () => change(before.current.get(cursor) ?? "");
  const goOn = () => {
    before.current.set(next, cursor);
    change(next);
  };
  return (
    <PageControls
      {...rest}
      back={{ label: newer, go: cursor === "" ? undefined : goBack }}
      on={{ label: older, go: next === "" ? undefined : goOn }}
    />
  );
}
