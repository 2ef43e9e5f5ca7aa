/** Names of keys that sign certificates and nothing else. Imports nothing from node:. */

/**
 * Whoever could sign any bytes with an authority's key could make certificates of all names, so no
 * member makes or uses a key of such a name but those about certificates.
 */
export function isReserved(name: string): boolean {
  return /^authority(-|$)/.test(name);
}
