/** Numbers of TPM 2.0 Part 2; behind each group the number of its table in revision 1.59. */

/** TPM_ALG_ID, table 9. */
export const alg = {
  rsa: 0x0001,
  aes: 0x0006,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  null: 0x0010,
  ecdsa: 0x0018,
  ecc: 0x0023,
  cfb: 0x0043,
} as const;

/** TPM_ECC_CURVE, table 10. */
export const curve = { p256: 0x0003, p384: 0x0004 } as const;

/** TPM_ST, table 19. */
export const tag = {
  noSessions: 0x8001,
  sessions: 0x8002,
  attestNv: 0x8014,
  attestQuote: 0x8018,
} as const;

/** TPM_RH, table 28. */
export const hierarchy = {
  owner: 0x40000001,
  null: 0x40000007,
  password: 0x40000009,
  endorsement: 0x4000000b,
} as const;

/** TPMA_OBJECT, table 31. */
export const objectAttribute = {
  fixedTpm: 1 << 1,
  fixedParent: 1 << 4,
  sensitiveDataOrigin: 1 << 5,
  userWithAuth: 1 << 6,
  adminWithPolicy: 1 << 7,
  noDa: 1 << 10,
  restricted: 1 << 16,
  decrypt: 1 << 17,
  sign: 1 << 18,
} as const;

/** TPMA_NV, table 204; the type of the index is in bits 4 to 7. */
export const nvAttribute = {
  authWrite: 1 << 2,
  counter: 1 << 4,
  ownerRead: 1 << 17,
  authRead: 1 << 18,
  noDa: 1 << 25,
  written: 1 << 29,
} as const;

/** TPM_GENERATED_VALUE, table 7: what begins everything that a TPM signs about itself. */
export const generated = 0xff544347;
