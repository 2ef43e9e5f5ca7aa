/**
 * Keys of an Incus project that keep a tenant apart, each with the reason for its value. Incus has
 * defaults for them, but a default may change with a release: all are set, and put right again.
 */

export interface Restriction {
  readonly key: string;
  /** Empty where Incus stores nothing: any value there is a drift. */
  readonly value: string;
  readonly why: string;
}

/** A name that is nobody's, since an empty list means “all” to Incus. */
const nobody = "none";

const block = (key: string, why: string): Restriction => ({ key, value: "block", why });

/** @param network the managed network that tenants share, or undefined where there is none. */
export function restrictionsFor(network: string | undefined): readonly Restriction[] {
  return [
    { key: "restricted", value: "true", why: "Without it none of the others takes effect." },
    block("restricted.backups", "A backup file holds all data and leaves the node unrecorded."),
    {
      key: "restricted.cluster.groups",
      value: "",
      why: "Incus places instances itself; no group can be asked for while targets are blocked.",
    },
    block("restricted.cluster.target", "Which node it runs on is not the tenant's choice."),
    block(
      "restricted.containers.interception",
      "Intercepted system calls are carried out by the host's root on the container's behalf.",
    ),
    block(
      "restricted.containers.lowlevel",
      "raw.lxc could set any security context, mount or hook of the host.",
    ),
    block("restricted.containers.nesting", "Nesting opens much more of the kernel to a tenant."),
    {
      key: "restricted.containers.privilege",
      value: "isolated",
      why: "Each container has user ids of its own, so that none is root outside or in another.",
    },
    {
      key: "restricted.devices.disk",
      value: "managed",
      why: "Disks come from storage pools, which count against the quota, never from host paths.",
    },
    {
      key: "restricted.devices.disk.paths",
      value: "/var/empty",
      why: "An empty list means every path of the host, should disks ever be allowed.",
    },
    block("restricted.devices.gpu", "A GPU's memory is shared between those who use it."),
    block("restricted.devices.infiniband", "It reaches the memory of other machines directly."),
    network === undefined
      ? block("restricted.devices.nic", "This node has no managed network for tenants yet.")
      : {
          key: "restricted.devices.nic",
          value: "managed",
          why: "Only networks that Incus manages, never an interface of the host.",
        },
    block("restricted.devices.pci", "A PCI device writes to memory past every check."),
    block("restricted.devices.proxy", "A proxy device opens sockets on the host itself."),
    block("restricted.devices.unix-block", "A block device of the host holds others' data."),
    block("restricted.devices.unix-char", "A character device talks to drivers of the host."),
    block("restricted.devices.unix-hotplug", "What is plugged in at the node is not the tenant's."),
    block("restricted.devices.usb", "USB devices at the node are not the tenant's."),
    { key: "restricted.idmap.uid", value: "", why: "No user id of the host is mapped inside." },
    { key: "restricted.idmap.gid", value: "", why: "No group id of the host is mapped inside." },
    {
      key: "restricted.networks.access",
      value: network ?? nobody,
      why: "An empty list means every network of the node.",
    },
    {
      key: "restricted.networks.integrations",
      value: nobody,
      why: "Links to networks elsewhere are not made by tenants.",
    },
    {
      key: "restricted.networks.subnets",
      value: "",
      why: "Unset, no address of an uplink is the tenant's; Incus takes no word for none here.",
    },
    {
      key: "restricted.networks.uplinks",
      value: nobody,
      why: "No network of the tenant reaches outside by itself.",
    },
    block("restricted.networks.zones", "Names in DNS are given out by the operator."),
    {
      key: "restricted.snapshots",
      value: "allow",
      why: "Snapshots stay in the pool, within the tenant, and are how it goes back after a fault.",
    },
    block("restricted.virtual-machines.lowlevel", "raw.qemu could open any file of the host."),
  ];
}

/** What a tenant shares and what it has of its own. Incus lets these change while it is empty. */
export const features: readonly Restriction[] = [
  {
    key: "features.images",
    value: "false",
    why: "Images come from one catalogue that we vouch for.",
  },
  { key: "features.profiles", value: "true", why: "Its profiles are its own." },
  { key: "features.storage.volumes", value: "true", why: "Its volumes are seen by no other." },
  { key: "features.storage.buckets", value: "true", why: "Its buckets are seen by no other." },
  { key: "features.networks", value: "false", why: "Networks are made by the operator." },
  { key: "features.networks.zones", value: "false", why: "DNS zones are made by the operator." },
];
