/**
 * How the types of tenants are called. A type carries the number of a slot, never the name of a
 * tenant: which tenant has which slot is told by its Incus project (`user.dsecos.selinux.number`).
 * So a new tenant takes a slot of the policy that is loaded already, a renamed one keeps its
 * labels, and a name that is used again does not inherit the files of whoever had it before.
 */

/** Slot 0 is nobody's, so that a number that was forgotten is no tenant. */
export const FIRST_SLOT = 1;

/**
 * The last slot there may be. The kernel numbers types and attributes with 16 bits, 65,535 in all;
 * six for each of 9,999 slots leave 5,541 for everything else, of which Debian's whole policy would
 * use 4,330.
 */
export const LAST_SLOT = 9_999;

/** The bits that tell two slots apart: 2^14 is more than {@link LAST_SLOT}. */
export const SLOT_BITS = 14;

/** The most types and attributes together that a policy may have: the kernel's ids are a u16. */
export const MOST_TYPE_IDS = 65_535;

/** The two domains of a tenant come first, then what they act on. */
export const KINDS = ["container", "vm", "file", "volume", "image", "run"] as const;

/**
 * - `container`: the processes of its containers
 * - `vm`: the QEMU processes of its virtual machines
 * - `file`: root file systems of containers, the only thing a container may execute
 * - `volume`: data volumes, never executed
 * - `image`: disks of virtual machines, for `vm` only
 * - `run`: what its processes make in memory: tmpfs, terminals, sockets, its part of the cgroups
 */
export type Kind = (typeof KINDS)[number];

export const TYPES_PER_TENANT = KINDS.length;

/** The kinds that are processes; the other four are objects. */
export const DOMAIN_KINDS = ["container", "vm"] as const satisfies readonly Kind[];
export const OBJECT_KINDS = ["file", "volume", "image", "run"] as const satisfies readonly Kind[];

const suffixes: Readonly<Record<Kind, string>> = {
  container: "_t",
  vm: "_vm_t",
  file: "_file_t",
  volume: "_vol_t",
  image: "_img_t",
  run: "_run_t",
};

const kinds = new Map(KINDS.map((kind) => [suffixes[kind], kind]));

const digits = String(LAST_SLOT).length;

/** Attributes of the base which stay in the binary policy, and what belongs to them. */
export const ATTRIBUTES = {
  /** Every type of every tenant. */
  all: "dsecos_tenant",
  /** Every process type of a tenant. */
  domains: "dsecos_tenant_domain",
  containers: "dsecos_tenant_container",
  vms: "dsecos_tenant_vm",
  /** Every object type of a tenant. */
  objects: "dsecos_tenant_object",
  files: "dsecos_tenant_file",
  volumes: "dsecos_tenant_volume",
  images: "dsecos_tenant_image",
  runs: "dsecos_tenant_run",
  /** What may start tenants' processes and label their files: the domains of Incus. */
  engines: "dsecos_engine",
} as const;

/** The domain of Incus. Later versions of Incus look for this very name. */
export const ENGINE = "incusd_t";

/** @throws RangeError for a number that no slot can have */
export function checkSlot(slot: number): void {
  if (Number.isSafeInteger(slot) && slot >= FIRST_SLOT && slot <= LAST_SLOT) return;
  throw new RangeError(
    `${slot} is no slot of the policy: slots go from ${FIRST_SLOT} to ${LAST_SLOT}`,
  );
}

/** @returns for example `tenant0007`, with which all names of the slot begin */
export function slotName(slot: number): string {
  checkSlot(slot);
  return `tenant${String(slot).padStart(digits, "0")}`;
}

/** @returns the slot of a name such as `tenant0007`; NaN where it is no such name */
export function slotNumber(name: string): number {
  const number = name.length === 6 + digits ? Number(/^tenant(\d+)$/.exec(name)?.[1]) : Number.NaN;
  return number >= FIRST_SLOT ? number : Number.NaN;
}

/** @returns for example `tenant0007_vol_t` */
export function typeName(slot: number, kind: Kind): string {
  return slotName(slot) + suffixes[kind];
}

/** @returns the six types of a slot, by what they are for */
export function slotTypes(slot: number): Readonly<Record<Kind, string>> {
  const name = slotName(slot);
  const types = KINDS.map((kind) => [kind, name + suffixes[kind]]);
  return Object.fromEntries(types) as Record<Kind, string>;
}

/** @returns whose type it is, or undefined where the name is not that of a tenant's type */
export function parseType(name: string): { slot: number; kind: Kind } | undefined {
  const match = /^tenant(\d+)(_[a-z_]+)$/.exec(name);
  const [, number, suffix] = match ?? [];
  if (number === undefined || number.length !== digits) return undefined;
  const kind = kinds.get(suffix ?? "");
  const slot = Number(number);
  if (kind === undefined || slot < FIRST_SLOT) return undefined;
  return { slot, kind };
}
