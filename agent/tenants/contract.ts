import * as v from "valibot";
import { count, defineInterface, document, flag, text } from "../bus/contract.ts";
import {
  cursorSchema,
  identifierSchema,
  limitSchema,
  lineSchema,
  pageOf,
  timeSchema,
} from "../bus/fields.ts";
import { domainSchema, tenantNameSchema } from "./names.ts";
import { parseBytes } from "./quantities.ts";

export const classifications = [
  "unclassified",
  "official",
  "restricted",
  "confidential",
  "secret",
  "top-secret",
] as const;

const cpuSchema = v.pipe(
  v.string(),
  v.regex(/^[1-9][0-9]{0,5}$/, "CPU is a whole number of cores, for example 128."),
  v.description("CPU cores, for example 128"),
);

/** A size such as `1TB` or `512GiB`; `what` begins the sentence that refuses another. */
export function sizeSchema(what: string, description: string) {
  return v.pipe(
    v.string(),
    v.check((value) => {
      const bytes = parseBytes(value);
      return bytes !== undefined && bytes >= 1024n ** 2n && bytes < 2n ** 62n;
    }, `${what} is a whole number with a unit, at least 1MiB, for example 512GiB or 1TB.`),
    v.description(description),
  );
}

export const quotaSchema = v.strictObject({
  cpu: cpuSchema,
  ram: sizeSchema("RAM", "Memory, for example 1TB"),
  storage: sizeSchema("Storage", "Disk space, for example 50TB"),
});

export type Quota = v.InferOutput<typeof quotaSchema>;

const contactSchema = v.pipe(lineSchema(200), v.minLength(1, "A contact is not empty."));

const jurisdictionSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Z]{2}$/, "A jurisdiction has two capital letters, for example UK, DE or EU."),
  v.description("Where its data must stay, for example UK"),
);

/** What a person declares of a tenant. */
export const tenantSpecSchema = v.strictObject({
  displayName: v.optional(
    v.pipe(lineSchema(100), v.description("Name for people, for example Ministry of Defense")),
    "",
  ),
  domain: v.pipe(domainSchema, v.description("SELinux domain, for example defense_t")),
  classification: v.optional(
    v.pipe(v.picklist(classifications), v.description("Highest classification of its data")),
    "official",
  ),
  jurisdiction: v.optional(jurisdictionSchema, "UK"),
  quota: quotaSchema,
  contacts: v.optional(
    v.pipe(
      v.array(contactSchema),
      v.maxLength(20, "At most 20 contacts."),
      v.description("Who to call, for example soc@defense.example"),
    ),
    [],
  ),
});

export type TenantSpec = v.InferOutput<typeof tenantSpecSchema>;

/** What can be changed later: everything but name and domain, which labels depend on. */
export const tenantChangeSchema = v.partial(
  v.strictObject({
    displayName: lineSchema(100),
    classification: v.picklist(classifications),
    jurisdiction: jurisdictionSchema,
    quota: v.partial(quotaSchema),
    contacts: v.pipe(v.array(contactSchema), v.maxLength(20, "At most 20 contacts.")),
  }),
);

export type TenantChange = v.InferOutput<typeof tenantChangeSchema>;

export const tenantStates = ["active", "suspended", "deleting"] as const;
export type TenantState = (typeof tenantStates)[number];

/** One row of the table, kept small: a page has up to 1,000 of them. */
export const tenantSchema = v.object({
  name: v.string(),
  displayName: v.string(),
  domain: v.string(),
  classification: v.picklist(classifications),
  jurisdiction: v.string(),
  state: v.picklist(tenantStates),
  quota: quotaSchema,
  /**
   * The quota and what is promised of it: cores and KiB. Of storage to instances and to declared volumes;
   * copies that Ceph keeps are not counted.
   */
  limit: v.object({ cpu: v.number(), ramKib: v.number(), storageKib: v.number() }),
  promised: v.object({ cpu: v.number(), ramKib: v.number(), storageKib: v.number() }),
  instances: v.object({ total: v.number(), running: v.number() }),
  contacts: v.array(v.string()),
  createdAt: v.string(),
  createdBy: v.string(),
  /** Its slot of the SELinux policy and the storage pool of it, where the node's policy has slots. */
  slot: v.optional(v.object({ number: v.number(), pool: v.string() })),
  /** Set while deleting: when it will be gone, unless restored before. */
  deleteAt: v.optional(timeSchema),
  /** What is declared but not true yet, or not kept, one sentence each. */
  notYetTrue: v.array(v.string()),
});

export type Tenant = v.InferOutput<typeof tenantSchema>;

export const tenantSortKeys = [
  "name",
  "domain",
  "classification",
  "jurisdiction",
  "state",
  "cpu",
  "ram",
  "storage",
  "instances",
  "createdAt",
] as const;

export const tenantFilterSchema = v.strictObject({
  /** Words that must all occur in name, display name, domain or contacts. */
  search: v.optional(lineSchema(200), ""),
  state: v.optional(v.array(v.picklist(tenantStates)), []),
  classification: v.optional(v.array(v.picklist(classifications)), []),
  jurisdiction: v.optional(v.array(v.string()), []),
  /** Only tenants of which something is not yet true. */
  troubled: v.optional(v.boolean(), false),
  sort: v.optional(v.picklist(tenantSortKeys), "name"),
  descending: v.optional(v.boolean(), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 100),
});

export type TenantFilter = v.InferOutput<typeof tenantFilterSchema>;

/** All of one tenant: its row, what Incus holds, and whether quotas are enforced. */
export const tenantDetailSchema = v.object({
  tenant: tenantSchema,
  /** Live use of running instances: seconds of CPU so far and KiB. */
  live: v.object({ cpuSeconds: v.number(), ramKib: v.number(), storageKib: v.number() }),
  storage: v.object({
    pool: v.string(),
    driver: v.string(),
    /** False where the pool cannot hold a volume to its size. */
    enforced: v.boolean(),
  }),
  /** Keys of the Incus project that keep the tenant apart, each with the reason for its value. */
  restrictions: v.array(v.object({ key: v.string(), value: v.string(), why: v.string() })),
});

export type TenantDetail = v.InferOutput<typeof tenantDetailSchema>;

/** Longest grace period: 30 days. */
const graceSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(30 * 86400, "The grace period is at most 30 days (2592000 seconds)."),
);

const tenantArgument = text("name", tenantNameSchema, "Name of the tenant.");
const readers = ["viewer", "operator", "officer", "auditor"] as const;

export const tenants = defineInterface({
  name: "org.dsecos.Tenants1",
  subsystem: "tenants",
  description: "Agencies of this cloud: each an Incus project of its own, confined and limited.",
  path: "/org/dsecos/tenants",
  actions: {
    read: { description: "See the tenants", roles: readers },
    create: { description: "Create a tenant", roles: ["operator"] },
    change: { description: "Change a tenant", roles: ["operator"] },
    suspend: { description: "Suspend or resume a tenant", roles: ["operator", "officer"] },
    delete: { description: "Delete a tenant or undo that", roles: ["operator"] },
  },
  methods: {
    List: {
      description: "Tenants that match, a page at a time.",
      in: [document("filter", tenantFilterSchema, "Which tenants, and in which order.")],
      out: document("tenants", pageOf(tenantSchema), "A page of tenants."),
      action: "read",
    },
    Show: {
      description: "One tenant with its live use and its restrictions.",
      in: [tenantArgument],
      out: document("detail", tenantDetailSchema, "The tenant."),
      action: "read",
      tenant: "name",
    },
    Create: {
      description: "Create a tenant with its quota.",
      in: [tenantArgument, document("spec", tenantSpecSchema, "What the tenant is.")],
      out: document("tenant", tenantSchema, "The tenant as it now stands."),
      action: "create",
      changes: true,
      tenant: "name",
    },
    Change: {
      description: "Change what is given, leave the rest; a quota cannot fall below what is used.",
      in: [tenantArgument, document("change", tenantChangeSchema, "What to change.")],
      out: document("tenant", tenantSchema, "The tenant as it now stands."),
      action: "change",
      changes: true,
      tenant: "name",
    },
    Suspend: {
      description: "Freeze all instances of the tenant; nothing of it starts until it is resumed.",
      in: [tenantArgument],
      out: text("job", identifierSchema, "Id of the job."),
      action: "suspend",
      changes: true,
      job: true,
      tenant: "name",
    },
    Resume: {
      description: "Let the tenant run again, with the instances that ran before.",
      in: [tenantArgument],
      out: text("job", identifierSchema, "Id of the job."),
      action: "suspend",
      changes: true,
      job: true,
      tenant: "name",
    },
    Delete: {
      description:
        "Delete the tenant after a grace period in which it is frozen and can be restored.",
      in: [
        tenantArgument,
        flag("removeContents", "Remove its instances and volumes too; refused otherwise."),
        count("graceSeconds", graceSchema, "Seconds until it is gone; 0 for at once."),
      ],
      out: text("job", identifierSchema, "Id of the job."),
      action: "delete",
      changes: true,
      approvals: 1,
      job: true,
      tenant: "name",
    },
    Restore: {
      description: "Undo a deletion within its grace period.",
      in: [tenantArgument],
      out: document("tenant", tenantSchema, "The tenant as it now stands."),
      action: "delete",
      changes: true,
      tenant: "name",
    },
  },
  signals: {
    /** Empty name: more than one may have changed. */
    Changed: text("name", v.string(), "Name of the tenant, or empty when many changed."),
  },
});
