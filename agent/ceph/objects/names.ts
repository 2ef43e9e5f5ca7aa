/** What a tenant and its volumes are called in S3. */

/**
 * Of a tenant in the gateway, which takes letters, digits and underscores there. No two tenants get the
 * same one, since a tenant's name has no underscore.
 */
export const gatewayTenant = (tenant: string) => tenant.replaceAll("-", "_");

/**
 * Whose bucket a volume is: a user of its own, so that its key opens this volume alone and can be
 * suspended with it.
 */
export const uidOf = (tenant: string, volume: string) => `${gatewayTenant(tenant)}$${volume}`;

/** As radosgw-admin is told a bucket. */
export const bucketOf = (tenant: string, volume: string) => `${gatewayTenant(tenant)}/${volume}`;
