/** Where data may go is proved from the cluster's maps, on a machine that one trusts, and not by this page. */
import { verdictColors, verdictName } from "../lib/assurance.tsx";
import { Command } from "../lib/help.tsx";
import { _ } from "../lib/i18n.ts";
import { Tag } from "../lib/tag.tsx";

/** Each writes a file that the last one reads. */
const commands = [
  "ceph osd dump -f json > osdmap.json",
  "ceph osd crush dump -f json > crush.json",
  "ceph pg dump pgs_brief -f json > pgs.json",
  "dsecos ceph prove --osdmap osdmap.json --crush crush.json --pgs pgs.json --map map.json --key map.pem",
];

export function Residency() {
  return (
    <section className="ds-panel ds-stack" data-residency="unknown">
      <h2 className="pf-v6-c-title pf-m-md">
        <Tag color={verdictColors.unknown}>{verdictName("unknown")}</Tag>{" "}
        {_("Whether data stays in its jurisdiction")}
      </h2>
      <p>
        {_(
          "The console does not judge that by itself. Anybody proves it from the cluster’s maps and the signed map of jurisdictions, on any machine; what is not given or not understood counts as not proven.",
        )}
      </p>
      <details>
        <summary>{_("The commands that prove it")}</summary>
        <div className="ds-stack ce-commands">
          {commands.map((command) => (
            <Command key={command} text={command} />
          ))}
        </div>
      </details>
    </section>
  );
}
