/** Names of tenants, as Incus (projects) and SELinux (types) need them. No node: imports. */
import * as v from "valibot";

/**
 * Name of a tenant, which is the name of its Incus project: a DNS label, so that it can stand in
 * host names, paths and `project_instance` without escaping. `default` is Incus's own project.
 */
export const tenantNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([a-z0-9]|-(?!-)){0,38}[a-z0-9]$/,
    "A tenant's name has 2 to 40 characters: a-z, 0-9 and single hyphens, and begins with a letter.",
  ),
  v.check((name) => name !== "default", "The name “default” belongs to Incus."),
);

/** Name of a tenant's SELinux domain: lower case with underscores, ending in `_t`. */
export const domainSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-z](_?[a-z0-9])+_t$/,
    "An SELinux domain has a-z, 0-9 and single underscores and ends in _t, for example defense_t.",
  ),
  v.maxLength(40, "An SELinux domain has at most 40 characters."),
);
