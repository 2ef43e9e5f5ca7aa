/** One console in a tab of its own: `console.html#/<tenant>/<instance>`. */
import "../lib/patternfly.css";
import "@patternfly/react-styles/css/components/Button/button.css";
import "../lib/page.css";
import "./console.css";
import { instances } from "../../agent/instances/contract.ts";
import { client } from "../lib/client.ts";
import type { StreamChannel } from "../lib/cockpit.ts";
import { type PageError, remedyOf, toPageError } from "../lib/errors.ts";
import { chosenNode, openStream } from "../lib/host.ts";
import { _, applyLanguage, format } from "../lib/i18n.ts";
import { followTheme } from "../lib/theme.ts";
import { drawPage } from "./page.ts";
import { openTerminal } from "./terminal.ts";

applyLanguage();
followTheme();

const [tenant = "", name = ""] = cockpit.location.path;
const title = format(_("Console of $0"), name);
document.title = format(_("$0 - DsecOS"), title);
const node = chosenNode();
const whose =
  node === "" ? format(_("Tenant $0"), tenant) : format(_("Tenant $0, on $1"), tenant, node);
const page = drawPage(title, whose);
const terminal = openTerminal({
  place: page.terminal,
  label: title,
  leave: () => page.button.focus(),
});
const bytes = new TextEncoder();
let channel: StreamChannel | undefined;

async function connect(): Promise<void> {
  page.show("connecting", _("Connecting"));
  try {
    follow(openStream(await client(instances).OpenConsole(tenant, name)));
  } catch (cause) {
    const error = toPageError(cause);
    const [message, hint] = explain(error);
    page.show("failed", message, hint);
  }
}

/** The bus itself refuses those whose groups do not allow it, and cannot say which would. */
function explain({ code, message }: PageError): [string, string] {
  const { text, command = "" } = remedyOf(code);
  if (code !== "NoAccess" && code !== "Denied") return [message, `${text} ${command}`];
  const groups = instances.actions.console.roles.map((role) => `dsecos-${role}`);
  const hint = format(_("It needs the group $0."), groups.join(_(" or ")));
  return [_("You may not use this console."), hint];
}

function follow(opened: StreamChannel): void {
  channel = opened;
  opened.addEventListener("ready", () => {
    page.show("connected", _("Connected. Press Enter to see the prompt."));
    terminal.focus();
  });
  opened.addEventListener("message", (_event, data) => terminal.write(new Uint8Array(data)));
  opened.addEventListener("close", (_event, { problem }) => {
    channel = undefined;
    // Why, the agent has written into the terminal itself.
    if (problem) page.show("failed", _("The connection to the console was lost."), problem);
    else page.show("ended", _("The console has ended."));
    page.button.focus();
  });
}

terminal.onData((text) => channel?.send(bytes.encode(text)));
// Reports of the mouse, in which each character is one byte.
terminal.onBinary((text) => channel?.send(Uint8Array.from(text, (one) => one.charCodeAt(0))));
page.button.addEventListener("click", () => {
  if (channel) channel.close();
  else void connect();
});
void connect();
