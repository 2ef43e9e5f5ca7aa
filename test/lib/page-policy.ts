import { TenantPolicy } from "./tenant-policy.ts";

/** A small policy of which the page of SELinux has every kind of thing to show. */
export function pagePolicy(slots: number): TenantPolicy {
  const made = new TenantPolicy(slots);
  const { model } = made;
  // As the agent's trusted base calls it.
  model.attributes.unconfined_domain_type = ["unconfined_t"];
  model.classes.push({
    name: "tcp_socket",
    common: "socket",
    permissions: ["name_bind", "name_connect"],
  });
  made.add("allow daemon_t spool_t:tcp_socket { name_bind };");
  made.addIf("off", "allow daemon_t spool_t:file { read };");
  return made;
}
