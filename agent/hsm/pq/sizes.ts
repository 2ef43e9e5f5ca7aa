/** Lengths in bytes. Imports nothing, so that who only reads keys does not load what computes. */

/** FIPS 204. */
export const mlDsa65 = { seedBytes: 32, publicKeyBytes: 1952, signatureBytes: 3309 } as const;

/** FIPS 203. A seed is d ‖ z. */
export const mlKem768 = { seedBytes: 64, publicKeyBytes: 1184, ciphertextBytes: 1088 } as const;

/** An uncompressed point of P-384: 04 ‖ x ‖ y. */
export const p384PointBytes = 97;

/** The x-coordinate of the point that ECDH comes to. */
export const p384SecretBytes = 48;
