/** Names of keys that serve one purpose of the agent's and nothing else. Imports nothing from node:. */

/**
 * Whoever could sign any bytes with an authority's key could make certificates of all names, so no
 * member makes or uses a key of such a name but those about certificates.
 */
export function isReserved(name: string): boolean {
  return /^authority(-|$)/.test(name);
}

/**
 * Keys that passphrases of encrypted volumes are wrapped under. Who may see a passphrase is asked
 * where volumes are, so no member makes or uses a key of such a name but those about volumes.
 */
export function isVolumeKey(name: string): boolean {
  return /^volume-/.test(name);
}
