/** What stands around the terminal: heading, state, and the button that ends or begins. */
import { _ } from "../lib/i18n.ts";

export type State = "connecting" | "connected" | "ended" | "failed";

export interface ConsolePage {
  readonly terminal: HTMLElement;
  readonly button: HTMLButtonElement;
  /** @param hint what the person can do about a failure */
  show(state: State, text: string, hint?: string): void;
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

export function drawPage(title: string, subtitle: string): ConsolePage {
  const place = document.getElementById("app");
  if (!place) throw new Error("the page has no element #app");
  const status = element("p", "ds-console-status");
  status.role = "status";
  const hint = element("p", "ds-subtle");
  const button = element("button", "pf-v6-c-button pf-m-secondary");
  button.type = "button";
  const label = element("span", "pf-v6-c-button__text");
  button.append(label);
  const heading = element("h1", "pf-v6-c-title pf-m-xl", title);
  const row = element("div", "ds-header-row");
  row.append(heading, element("span", "ds-subtle", subtitle), element("span", "ds-grow"), button);
  const header = element("header", "ds-header");
  header.append(row, status, hint);
  const terminal = element("div", "ds-console-terminal");
  const main = element("main", "ds-main");
  main.append(
    terminal,
    element(
      "p",
      "ds-subtle",
      _("It asks for an account inside the instance. The key F6 leaves the terminal."),
    ),
  );
  const page = element("div", "ds-page ds-console");
  page.append(header, main);
  place.append(page);
  const show: ConsolePage["show"] = (state, text, more = "") => {
    page.dataset.state = state;
    status.textContent = text;
    status.classList.toggle("ds-bad", state === "failed");
    hint.textContent = more;
    label.textContent =
      state === "ended" || state === "failed" ? _("Connect again") : _("Disconnect");
    button.disabled = state === "connecting";
  };
  return { terminal, button, show };
}
