/** Where an authority lies in a token. Apart, so that who only looks for it loads nothing else. */

/** Label of the record. */
export const authorityLabel = "authority";

/**
 * Names of the keys: of certificates and lists, of their second ones, and of answers about single
 * certificates. The root's is what a key ceremony makes, too.
 */
export const keyNames = {
  ...{ root: "authority-root", tenant: "authority" },
  ...{ rootParallel: "authority-root-pq", parallel: "authority-pq" },
  ...{ rootStatus: "authority-root-ocsp", status: "authority-ocsp" },
} as const;

export function keyNamesOf(isRoot: boolean) {
  const { root, tenant, rootParallel, parallel, rootStatus, status } = keyNames;
  return isRoot
    ? { main: root, parallel: rootParallel, status: rootStatus }
    : { main: tenant, parallel, status };
}
