/** Where an authority lies in a token. Apart, so that who only looks for it loads nothing else. */

/** Label of the record. */
export const authorityLabel = "authority";

/** Names of the keys; the root's is what a key ceremony makes, too. */
export const keyNames = {
  root: "authority-root",
  tenant: "authority",
  rootParallel: "authority-root-pq",
  parallel: "authority-pq",
} as const;
