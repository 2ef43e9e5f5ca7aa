import * as v from "valibot";
import { defineInterface, document, flag, text, texts } from "../bus/contract.ts";
import { identifierSchema, timeSchema } from "../bus/fields.ts";
import { aliasSchema } from "../images/contract.ts";
import { sizeSchema } from "../tenants/contract.ts";
import { tenantNameSchema } from "../tenants/names.ts";

export const instanceNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([a-z0-9]|-(?!-)){0,56}[a-z0-9]$/,
    "An instance's name has 2 to 58 characters: a-z, 0-9 and single hyphens, and begins with a letter.",
  ),
);

export const snapshotNameSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9.-]{0,48}[a-z0-9])?$/, "A snapshot's name has a-z, 0-9, dot, hyphen."),
);

const cpuSchema = v.pipe(
  v.number(),
  v.integer("CPU is a whole number of cores."),
  v.minValue(1, "At least one core."),
  v.maxValue(1024, "At most 1024 cores."),
  v.description("CPU cores of each instance"),
);

export const instanceSpecSchema = v.strictObject({
  image: v.pipe(aliasSchema, v.description("Alias of a local image, for example debian-13")),
  type: v.optional(
    v.pipe(v.picklist(["container", "virtual-machine"]), v.description("What it is")),
    "container",
  ),
  count: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1, "At least one."),
      v.maxValue(1000, "At most 1000 at once."),
      v.description("How many; with more than one, names end in -001 and so on"),
    ),
    1,
  ),
  cpu: v.optional(cpuSchema, 1),
  ram: v.optional(sizeSchema("RAM", "Memory of each instance"), "512MiB"),
  storage: v.optional(sizeSchema("Storage", "Root disk of each instance"), "4GiB"),
  start: v.optional(v.pipe(v.boolean(), v.description("Start after creation")), true),
});

export type InstanceSpec = v.InferOutput<typeof instanceSpecSchema>;

export const resizeSchema = v.partial(
  v.strictObject({
    cpu: cpuSchema,
    ram: sizeSchema("RAM", "Memory of each instance"),
    storage: sizeSchema("Storage", "Root disk of each instance; it can only grow"),
  }),
);

export const instanceStatuses = ["running", "stopped", "frozen", "error", "unknown"] as const;

export const instanceSchema = v.object({
  name: v.string(),
  type: v.picklist(["container", "virtual-machine"]),
  status: v.picklist(instanceStatuses),
  /** Cluster member it is on; `none` outside a cluster. */
  location: v.string(),
  image: v.string(),
  createdAt: v.string(),
  /** What it is promised: cores and KiB. */
  limit: v.object({ cpu: v.number(), ramKib: v.number(), storageKib: v.number() }),
  /** What it uses: seconds of CPU so far, KiB; zeros when it does not run. */
  live: v.object({
    cpuSeconds: v.number(),
    ramKib: v.number(),
    storageKib: v.number(),
    processes: v.number(),
  }),
  addresses: v.array(v.string()),
  snapshots: v.number(),
  snapshotSchedule: v.string(),
});

export type Instance = v.InferOutput<typeof instanceSchema>;

export const snapshotSchema = v.object({
  name: v.string(),
  createdAt: timeSchema,
  expiresAt: v.optional(timeSchema),
  sizeKib: v.number(),
});

/** A cron expression of five fields or one of Incus's words, or empty for none. */
export const scheduleSchema = v.strictObject({
  schedule: v.pipe(
    v.string(),
    v.regex(
      /^(|@(hourly|daily|weekly|monthly)|([0-9*,/-]+ ){4}[0-9*,/-]+)$/,
      "A schedule is @hourly, @daily, @weekly, @monthly or five cron fields; empty for none.",
    ),
    v.description("When, for example @daily; empty for never"),
  ),
  expiry: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(|[1-9][0-9]{0,3}[MHdwmy])$/, "An expiry is for example 12H, 7d, 4w or 1y."),
      v.description("How long each is kept, for example 7d; empty for ever"),
    ),
    "7d",
  ),
});

const tenant = text("tenant", tenantNameSchema, "Name of the tenant.");
const names = texts("names", instanceNameSchema, "Names of the instances.");
const one = text("name", instanceNameSchema, "Name of the instance.");
const jobId = text("job", identifierSchema, "Id of the job.");
const runs = { action: "run", changes: true, job: true, tenant: "tenant" } as const;

export const instances = defineInterface({
  name: "org.dsecos.Instances1",
  subsystem: "instances",
  description: "Containers and virtual machines of the tenants.",
  path: "/org/dsecos/instances",
  actions: {
    read: {
      description: "See the instances of a tenant",
      roles: ["viewer", "operator", "officer", "auditor"],
    },
    inspect: { description: "Read logs and consoles of instances", roles: ["operator"] },
    create: { description: "Create and resize instances", roles: ["operator"] },
    run: { description: "Start, stop and snapshot instances", roles: ["operator"] },
    delete: { description: "Delete instances and snapshots", roles: ["operator"] },
    console: { description: "Use the console of an instance", roles: ["operator"] },
  },
  methods: {
    List: {
      description: "Instances of a tenant with their live use.",
      in: [tenant],
      out: document("instances", v.array(instanceSchema), "The instances, by name."),
      action: "read",
      tenant: "tenant",
    },
    Create: {
      description: "Create one instance, or many at once, from a local image.",
      in: [tenant, one, document("spec", instanceSpecSchema, "What to create.")],
      out: jobId,
      action: "create",
      changes: true,
      job: true,
      tenant: "tenant",
      object: "name",
    },
    Start: { description: "Start instances.", in: [tenant, names], out: jobId, ...runs },
    Stop: {
      description: "Stop instances.",
      in: [tenant, names, flag("force", "Pull the plug instead of asking for a shutdown.")],
      out: jobId,
      ...runs,
    },
    Restart: { description: "Restart instances.", in: [tenant, names], out: jobId, ...runs },
    Delete: {
      description: "Stop and delete instances with their disks and snapshots.",
      in: [tenant, names],
      out: jobId,
      ...runs,
      action: "delete",
    },
    Resize: {
      description: "Change what instances are promised, within the tenant's quota.",
      in: [tenant, names, document("size", resizeSchema, "What to change.")],
      out: jobId,
      ...runs,
      action: "create",
    },
    Log: {
      description: "Text that the instance's console printed lately.",
      in: [tenant, one],
      out: text("log", v.string(), "The text, at most 256 KiB of it."),
      action: "inspect",
      tenant: "tenant",
      object: "name",
    },
    OpenConsole: {
      description:
        "Open the console at which people log in to an instance. It asks for an account inside: " +
        "being an operator here gives nobody a shell there. It ends when it is left, when the " +
        "instance stops, and after 15 minutes in which nothing is typed or printed. " +
        "The command dsecos joins it at a terminal, where Ctrl-] leaves it.",
      in: [tenant, one],
      out: text(
        "socket",
        v.string(),
        "Path of a unix socket that the caller alone can connect to, once, within 30 seconds.",
      ),
      action: "console",
      changes: true,
      tenant: "tenant",
      object: "name",
    },
    ListSnapshots: {
      description: "Snapshots of an instance, newest first.",
      in: [tenant, one],
      out: document("snapshots", v.array(snapshotSchema), "The snapshots."),
      action: "read",
      tenant: "tenant",
      object: "name",
    },
    Snapshot: {
      description: "Take a snapshot of each instance.",
      in: [tenant, names, text("snapshot", snapshotNameSchema, "Name of the snapshot.")],
      out: jobId,
      ...runs,
    },
    RestoreSnapshot: {
      description: "Put an instance back to a snapshot; what came after it is lost.",
      in: [tenant, one, text("snapshot", snapshotNameSchema, "Name of the snapshot.")],
      out: jobId,
      ...runs,
      object: "name",
    },
    DeleteSnapshot: {
      description: "Delete a snapshot.",
      in: [tenant, one, text("snapshot", snapshotNameSchema, "Name of the snapshot.")],
      out: jobId,
      ...runs,
      action: "delete",
      object: "name",
    },
    ScheduleSnapshots: {
      description: "Take snapshots of instances on a schedule.",
      in: [
        tenant,
        names,
        document("schedule", scheduleSchema, "When, and how long they are kept."),
      ],
      out: jobId,
      ...runs,
    },
  },
  signals: { Changed: text("tenant", v.string(), "Name of the tenant whose instances changed.") },
});
