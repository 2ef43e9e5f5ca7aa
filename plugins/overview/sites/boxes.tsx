/** Jurisdictions as boxes with their sites, and in these the hosts with how they are. */
import { _, format, number } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { VerdictTag } from "../cluster/words.tsx";
import type { Host, Jurisdiction } from "./view.ts";
import "./sites.css";

interface Known {
  hosts: boolean;
  nodes: boolean;
}

interface Props {
  jurisdictions: readonly Jurisdiction[];
  /** What could be asked at all; without it, nothing is said of it. */
  known: Known;
}

export function Boxes({ jurisdictions, known }: Props) {
  return (
    <ul className="ov-map" aria-label={_("Jurisdictions")}>
      {jurisdictions.map((jurisdiction) => (
        <Box key={jurisdiction.name} jurisdiction={jurisdiction} known={known} />
      ))}
    </ul>
  );
}

function Box({ jurisdiction, known }: { jurisdiction: Jurisdiction; known: Known }) {
  const { name, sites, peers, drivers } = jurisdiction;
  return (
    <li className="ov-jurisdiction ds-stack" data-jurisdiction={name}>
      <h3 className="pf-v6-c-title pf-m-md">{name}</h3>
      {sites.map((site) => (
        <section key={site.name} className="ov-site" data-site={site.name}>
          <h4 className="ov-name">{site.name}</h4>
          <ul className="ov-hosts">
            {site.hosts.map((host) => (
              <li key={host.name} className="ov-name" data-host={host.name}>
                <Node host={host} known={known.nodes} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {known.hosts && sites.length === 0 && (
        <p className="ds-subtle">{_("By the map, no host stands here.")}</p>
      )}
      {drivers.length > 0 && (
        <p className="ds-subtle">
          {format(
            _("Keys are here, by what was declared of $0."),
            drivers.map(driverWords).join(", "),
          )}{" "}
          <PageLink page="hsm">{_("Drivers and their tokens")}</PageLink>
        </p>
      )}
      {peers.length > 0 && (
        <p className="ds-subtle">
          {format(
            _("May get copies here, by the map: $0."),
            peers.map((peer) => `${peer.name} (${peer.kind})`).join(", "),
          )}
        </p>
      )}
    </li>
  );
}

function driverWords({ name, state, assurance }: Jurisdiction["drivers"][number]): string {
  const kinds = {
    hardware: _("hardware"),
    software: _("software"),
    unknown: _("not known whether hardware"),
  };
  const kind = kinds[assurance.kind];
  return state === "ready"
    ? format(_("$0 ($1)"), name, kind)
    : format(_("$0 ($1, not ready)"), name, kind);
}

function Node({ host: { name, node, osds, up }, known }: { host: Host; known: boolean }) {
  const count = format(_("$0 of $1 OSDs up"), number(up), number(osds));
  if (node) {
    return (
      <>
        <strong>{name}</strong> <VerdictTag verdict={node.verdict} />{" "}
        <span className="ds-subtle">{count}</span>
      </>
    );
  }
  return (
    <>
      <strong>{name}</strong>{" "}
      <span className="ds-subtle">
        {known ? format(_("$0, no node of this cluster"), count) : count}
      </span>
    </>
  );
}
