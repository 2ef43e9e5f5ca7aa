/** What the members about certificates take and give. Imports nothing from node:. */
import * as v from "valibot";
import { cursorSchema, limitSchema, lineSchema, pageOf, timeSchema } from "../../bus/fields.ts";
import { tenantNameSchema } from "../../tenants/names.ts";

/** Who has an authority: a tenant, or the node itself, whose is the root. */
export const nodeOwner = "=node";
export const ownerSchema = v.pipe(
  v.string(),
  v.check(
    (name) => name === nodeOwner || v.is(tenantNameSchema, name),
    `Name a tenant, or ${nodeOwner} for the node's own root.`,
  ),
);

/**
 * `person`: a client. `service`: server and client. `agency`: an authority below the tenant's, which
 * needs a second person. `authority`: a tenant's authority that the node's root signed.
 */
export const profiles = ["person", "service", "agency", "authority"] as const;
export type Profile = (typeof profiles)[number];
export const leafProfileSchema = v.picklist(
  ["person", "service"],
  "A certificate is for a person or a service.",
);

/** Clients have 90 days at most, so that a lost key does not open doors for long. */
export const mostLeafDays = 90;
export const leafDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "A certificate holds for at least one day."),
  v.maxValue(mostLeafDays, `A certificate holds for at most ${mostLeafDays} days.`),
);
const authorityDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(30, "An authority holds for at least 30 days."),
  v.maxValue(7300, "An authority holds for at most 7300 days."),
);
export const agencyDaysSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "A certificate holds for at least one day."),
  v.maxValue(1825, "An authority of an agency holds for at most 1825 days."),
);

export const serialSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/, "A serial number has 32 characters of 0-9 and a-f."),
);

export const revocationSchema = v.picklist(
  ["unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"],
  "Say why: unspecified, keyCompromise, affiliationChanged, superseded or cessationOfOperation.",
);

/** A host name of the DNS in lower case, with at least two labels and no wildcard. */
export const hostSchema = v.pipe(
  v.string(),
  v.maxLength(253),
  v.regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/,
    "A host name is written as web.example.org, in lower case and without wildcards.",
  ),
);

/** Stands for the authority's key in an address, so that each list has one of its own. */
export const keyPlace = "{key}";
const addressSchema = v.pipe(
  v.string(),
  v.maxLength(300, "An address has at most 300 characters."),
  v.regex(
    /^(http:\/\/[a-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~/{}-]*)?)?$/,
    "An address is written as http://pki.example.org/acme/{key}.crl: http, since who looks there has no certificate to trust yet.",
  ),
);
const filesAddressSchema = v.pipe(
  addressSchema,
  v.check(
    (address) => address === "" || address.includes(keyPlace),
    `Put ${keyPlace} into the address: each key of an authority has a file of its own.`,
  ),
);
const addresses = {
  listUrl: v.optional(
    v.pipe(
      filesAddressSchema,
      v.description(
        "Where its lists of revoked certificates are served, for example http://pki.example.org/acme/{key}.crl",
      ),
    ),
  ),
  issuerUrl: v.optional(
    v.pipe(
      filesAddressSchema,
      v.description(
        "Where its own certificate is served, for example http://pki.example.org/acme/{key}.cer",
      ),
    ),
  ),
  statusUrl: v.optional(
    v.pipe(
      addressSchema,
      v.description("Where OCSP is answered for it, for example http://pki.example.org/acme/ocsp"),
    ),
  ),
};

export const authoritySpecSchema = v.strictObject({
  days: v.optional(
    v.pipe(
      authorityDaysSchema,
      v.description(
        "How long it holds in days, for example 1825; 3650 for a root, else 1825 or what the root has left",
      ),
    ),
  ),
  selfSigned: v.optional(
    v.pipe(v.boolean(), v.description("Sign it with its own key instead of the node's root")),
    false,
  ),
  hosts: v.optional(
    v.pipe(
      v.array(hostSchema),
      v.maxLength(20, "At most 20 domains."),
      v.description(
        "Domain below which its services' host names are, for example agency.example.org; without one, certificates have no host names",
      ),
    ),
    [],
  ),
  postQuantum: v.optional(
    v.pipe(
      v.boolean(),
      v.description("Also sign every certificate with ML-DSA-65, as a second one beside it"),
    ),
    false,
  ),
  ...addresses,
});
export type AuthoritySpec = v.InferOutput<typeof authoritySpecSchema>;

/** What a new key of an authority is to have; what is left out stays as it was. */
export const rollSpecSchema = v.strictObject({
  days: v.optional(
    v.pipe(
      authorityDaysSchema,
      v.description("How long the new one holds in days, for example 1825; else as the first does"),
    ),
  ),
  ...addresses,
});
export type RollSpec = v.InferOutput<typeof rollSpecSchema>;

export const certificateStates = ["valid", "expiring", "expired", "revoked"] as const;
export type CertificateState = (typeof certificateStates)[number];

export const certificateSchema = v.object({
  tenant: v.string(),
  serial: serialSchema,
  profile: v.picklist(profiles),
  /** The person's or service's name. */
  name: v.string(),
  subject: v.string(),
  /** spiffe://<region>/tenant/<tenant>/user/<name>; empty for an authority. */
  uri: v.string(),
  hosts: v.array(v.string()),
  notBefore: timeSchema,
  notAfter: timeSchema,
  state: v.picklist(certificateStates),
  /** Whole days until it ends; negative once it has. */
  daysLeft: v.number(),
  /** SHA-256 of the certificate's DER, hexadecimal. */
  fingerprint: v.string(),
  revokedAt: v.optional(timeSchema),
  revocation: v.optional(revocationSchema),
});
export type CertificateRow = v.InferOutput<typeof certificateSchema>;

export const certificateOrders = ["notAfter", "notBefore", "name"] as const;
export const certificateFilterSchema = v.strictObject({
  tenant: v.optional(v.pipe(ownerSchema, v.description("Only of this tenant, for example acme"))),
  state: v.optional(v.pipe(v.picklist(certificateStates), v.description("Only in this state"))),
  profile: v.optional(v.pipe(v.picklist(profiles), v.description("Only of this kind"))),
  search: v.optional(
    v.pipe(
      lineSchema(200),
      v.description("Only with this in name, host names or serial number, for example jane"),
    ),
    "",
  ),
  order: v.optional(
    v.pipe(v.picklist(certificateOrders), v.description("What they are ordered by")),
    "notAfter",
  ),
  descending: v.optional(v.pipe(v.boolean(), v.description("Turn the order round")), false),
  cursor: v.optional(cursorSchema, ""),
  limit: v.optional(limitSchema, 50),
});
export type CertificateFilter = v.InferOutput<typeof certificateFilterSchema>;
export const certificatePageSchema = v.object({
  ...pageOf(certificateSchema).entries,
  /** Authorities whose certificates are not in this list, one sentence each: they could not be read. */
  missing: v.array(v.string()),
});

/** A certificate with what goes with it, as PEM. */
export const certificateFilesSchema = v.object({
  ...certificateSchema.entries,
  pem: v.string(),
  /** The authorities above it, nearest first, without the root where that signed itself. */
  chain: v.string(),
  /** The same names and key signed with ML-DSA-65, and the authorities above that. */
  parallel: v.optional(v.object({ pem: v.string(), chain: v.string() })),
});
export type CertificateFiles = v.InferOutput<typeof certificateFilesSchema>;

const listFactsSchema = v.object({
  number: v.number(),
  thisUpdate: timeSchema,
  nextUpdate: timeSchema,
  entries: v.number(),
});

const listFilesSchema = v.object({
  /** Key identifier of the authority, hexadecimal; the first 16 digits stand in its address. */
  authorityKey: v.string(),
  pem: v.string(),
  /** base64 of the DER */
  der: v.string(),
});

export const revocationListSchema = v.object({
  tenant: v.string(),
  ...listFactsSchema.entries,
  ...listFilesSchema.entries,
  /** The list of the second authority, which signs with ML-DSA-65. */
  parallel: v.optional(listFilesSchema),
  /** Lists of keys that the authority had before, for what they signed. */
  former: v.array(v.object({ ...listFactsSchema.entries, ...listFilesSchema.entries })),
});
export type RevocationList = v.InferOutput<typeof revocationListSchema>;

export const chainSchema = v.object({
  tenant: v.string(),
  /** PEM: the tenant's authority, then what signed it up to the root. */
  pem: v.string(),
  /** PEM of the root alone, which others must trust. */
  root: v.string(),
  parallel: v.optional(v.object({ pem: v.string(), root: v.string() })),
  /**
   * PEM: certificates with which the old and the new key of what signed itself vouch for each other,
   * for those who trust one alone; empty where it never was rolled over.
   */
  cross: v.string(),
});
export type Chain = v.InferOutput<typeof chainSchema>;

export const authoritySchema = v.object({
  tenant: v.string(),
  subject: v.string(),
  serial: serialSchema,
  /** Name of its key, the driver and region of the token that has it. */
  key: v.string(),
  token: v.string(),
  region: v.string(),
  selfSigned: v.boolean(),
  postQuantum: v.boolean(),
  hosts: v.array(v.string()),
  notBefore: timeSchema,
  notAfter: timeSchema,
  state: v.picklist(certificateStates),
  daysLeft: v.number(),
  counts: v.object({
    valid: v.number(),
    expiring: v.number(),
    expired: v.number(),
    revoked: v.number(),
  }),
  list: v.optional(listFactsSchema),
  /** Addresses that its certificates name; empty for none. */
  listUrl: v.string(),
  issuerUrl: v.string(),
  statusUrl: v.string(),
  /** Keys that it had before, which sign lists and answers for what they issued until they end. */
  former: v.array(v.object({ authorityKey: v.string(), notAfter: timeSchema })),
  /** Sentences: what is wrong with it and what to do; empty where nothing is. */
  alarms: v.array(v.string()),
});
export type AuthorityRow = v.InferOutput<typeof authoritySchema>;

export const authoritiesSchema = v.object({
  at: timeSchema,
  rows: v.array(authoritySchema),
  /** Sentences about tokens that could not be asked, whose authorities are not among the rows. */
  unreachable: v.array(v.string()),
  /** Whether directories were compared with the audit record, as far as that goes back. */
  compared: v.object({
    state: v.picklist(["waiting", "done", "failed"]),
    at: v.optional(timeSchema),
    reason: v.string(),
  }),
});
export type Authorities = v.InferOutput<typeof authoritiesSchema>;
