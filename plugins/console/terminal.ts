/** The terminal in the page: its size, its colours, and the key that leaves it. */
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { allowOwnStyles } from "./styles.ts";

/** As the agent opens consoles; serial consoles of virtual machines have no other. */
const size = { cols: 80, rows: 24 };
/** Width and height of a character in sizes of the font, and what the font may measure. */
const cell = { inline: 0.61, block: 1.25 };
const smallest = 8;
const largest = 18;

interface Settings {
  /** Takes the terminal; gives it its colours. */
  place: HTMLElement;
  /** What assistive technology calls it. */
  label: string;
  /** F6 was pressed: the keyboard goes elsewhere, since Tab belongs to whatever runs inside. */
  leave: () => void;
}

export function openTerminal({ place, label, leave }: Settings): Terminal {
  allowOwnStyles();
  Terminal.strings.promptLabel = label;
  const terminal = new Terminal({
    ...size,
    fontFamily: "RedHatMono, monospace",
    scrollback: 2000,
    minimumContrastRatio: 4.5,
    screenReaderMode: true,
    cursorBlink: false,
    ...look(place),
  });
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key !== "F6") return true;
    event.preventDefault();
    if (event.type === "keydown") leave();
    return false;
  });
  terminal.open(place);
  const renew = () => {
    terminal.options = look(place);
  };
  window.addEventListener("resize", renew);
  new MutationObserver(renew).observe(document.documentElement, { attributeFilter: ["class"] });
  return terminal;
}

/** The largest letters with which all of it is seen, in the colours of the page. */
function look(place: HTMLElement) {
  const { clientWidth, clientHeight } = place;
  const fits = Math.floor(
    Math.min(clientWidth / (size.cols * cell.inline), clientHeight / (size.rows * cell.block)),
  );
  const { color: foreground, backgroundColor: background } = getComputedStyle(place);
  return {
    fontSize: Math.max(smallest, Math.min(largest, fits)),
    theme: { foreground, background, cursor: foreground, cursorAccent: background },
  };
}
