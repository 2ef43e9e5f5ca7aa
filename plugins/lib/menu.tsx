/** Menus: one that opens from its own button, one with check marks, one below any element. */
import "@patternfly/react-styles/css/components/Menu/menu.css";
import "@patternfly/react-styles/css/components/MenuToggle/menu-toggle.css";
import CaretIcon from "@patternfly/react-icons/dist/esm/icons/caret-down-icon";
import CheckIcon from "@patternfly/react-icons/dist/esm/icons/check-icon";
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { Floating } from "./floating.tsx";

export interface MenuEntry {
  key: string;
  label: string;
  run: () => void;
  /** Reason why it cannot be chosen; undefined when it can. */
  why?: string | undefined;
  danger?: boolean;
  /** Present where entries are check marks; the menu then stays open. */
  checked?: boolean;
}

interface PanelProps {
  anchor: HTMLElement;
  entries: readonly MenuEntry[];
  close: () => void;
  align?: "start" | "end";
}

/** One menu for all rows of a table: it opens below whichever button asked for it. */
export function AnchoredMenu({ anchor, entries, close, align = "end" }: PanelProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  const move = (event: KeyboardEvent) => {
    if (event.key === "Tab") {
      anchor.focus();
      close();
      return;
    }
    const items = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  };
  return (
    <Floating anchor={anchor} align={align} close={close}>
      <div className="pf-v6-c-menu">
        <div className="pf-v6-c-menu__content">
          {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: PatternFly's menu is a list. */}
          <ul ref={list} className="pf-v6-c-menu__list" role="menu" onKeyDown={move}>
            {entries.map((entry) => (
              <Item
                key={entry.key}
                entry={entry}
                choose={() => {
                  if (entry.checked === undefined) {
                    anchor.focus();
                    close();
                  }
                  entry.run();
                }}
              />
            ))}
          </ul>
        </div>
      </div>
    </Floating>
  );
}

/** An entry stays reachable when it cannot be chosen, so that its reason can be read. */
function Item({ entry, choose }: { entry: MenuEntry; choose: () => void }) {
  const { label, why, danger, checked } = entry;
  const state = why ? " pf-m-aria-disabled" : danger ? " pf-m-danger" : "";
  return (
    <li className={`pf-v6-c-menu__list-item${state}`} role="none">
      <button
        type="button"
        className="pf-v6-c-menu__item"
        role={checked === undefined ? "menuitem" : "menuitemcheckbox"}
        tabIndex={-1}
        aria-disabled={why !== undefined}
        {...(checked === undefined ? {} : { "aria-checked": checked })}
        onClick={() => !why && choose()}
      >
        <span className="pf-v6-c-menu__item-main">
          {checked !== undefined && (
            <span className="ds-menu-check">{checked && <CheckIcon />}</span>
          )}
          <span className="pf-v6-c-menu__item-text">{label}</span>
        </span>
        {why && <span className="pf-v6-c-menu__item-description">{why}</span>}
      </button>
    </li>
  );
}

export function ButtonMenu(props: {
  label: ReactNode;
  entries: readonly MenuEntry[];
  align?: "start" | "end";
}) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={`pf-v6-c-menu-toggle${open ? " pf-m-expanded" : ""}`}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span className="pf-v6-c-menu-toggle__text">{props.label}</span>
        <span className="pf-v6-c-menu-toggle__controls">
          <span className="pf-v6-c-menu-toggle__toggle-icon">
            <CaretIcon />
          </span>
        </span>
      </button>
      {open && button.current && (
        <AnchoredMenu
          anchor={button.current}
          entries={props.entries}
          close={close}
          align={props.align ?? "start"}
        />
      )}
    </>
  );
}

/** Several of a list can be chosen. */
export function CheckMenu(props: {
  label: string;
  entries: readonly { key: string; label: string }[];
  chosen: readonly string[];
  toggle: (key: string) => void;
}) {
  return (
    <ButtonMenu
      label={props.label}
      entries={props.entries.map(({ key, label }) => ({
        key,
        label,
        checked: props.chosen.includes(key),
        run: () => props.toggle(key),
      }))}
    />
  );
}
