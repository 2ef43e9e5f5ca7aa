/** The firewall on the overview: in a file of its own, so that the first picture does not wait for it. */
import { _ } from "../../lib/i18n.ts";
import { type Tab, useTab } from "../../lib/parts.ts";
import { Failure, Loading } from "../../lib/states.tsx";

const parts: readonly Tab<object>[] = [
  {
    key: "firewall",
    title: () => _("Firewall and air gap"),
    load: async () => (await import("./panel.tsx")).firewallPart,
  },
];

export function Firewall() {
  const { part, error, again } = useTab(parts, "firewall");
  if (error) return <Failure error={error} retry={again} />;
  return part ? <part.Body /> : <Loading rows={3} />;
}
