/** What this node is: identity, versions and network. */
import type { NodeStatus } from "../../agent/node/contract.ts";
import { _, format, relativeTime, size } from "../lib/i18n.ts";

const kib = (bytes: string) => Number(BigInt(bytes) / 1024n);

export function Machine({ status }: { status: NodeStatus }) {
  const { identity, versions, network } = status;
  const virtual = identity.virtualization && identity.virtualization !== "none";
  return (
    <section className="ds-panel">
      <h2 className="pf-v6-c-title pf-m-md">{_("This node")}</h2>
      <dl className="ds-facts">
        <dt>{_("Name")}</dt>
        <dd>{identity.name}</dd>
        <dt>{_("System")}</dt>
        <dd>
          {identity.os}, Linux {identity.kernel}, {identity.architecture}
          {virtual && `, ${format(_("virtual ($0)"), identity.virtualization)}`}
        </dd>
        <dt>{_("Started")}</dt>
        <dd>{relativeTime(identity.bootedAt)}</dd>
        <dt>{_("Machine id")}</dt>
        <dd>
          <code>{identity.machineId}</code>
        </dd>
        <dt>{_("Versions")}</dt>
        <dd>
          {Object.entries(versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(" · ")}
        </dd>
        <dt>{_("Network")}</dt>
        <dd>
          <ul>
            {network.map((device) => (
              <li key={device.name}>
                <strong>{device.name}</strong> {device.state}
                <span className="ds-subtle">
                  {" "}
                  {device.addresses.join(", ")}{" "}
                  {format(
                    _("($0 received, $1 sent)"),
                    size(kib(device.receivedBytes)),
                    size(kib(device.sentBytes)),
                  )}
                </span>
              </li>
            ))}
          </ul>
        </dd>
      </dl>
    </section>
  );
}
