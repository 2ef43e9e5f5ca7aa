/** Numbers of PKCS#11, as its headers have them. */

/** Those that a driver file may replace: mechanisms, and all of ML-DSA, which vendors had before 3.2. */
const replaceable = {
  ML_DSA_KEY_PAIR_GEN: 0x001c,
  ML_DSA: 0x001d,
  /** CKK_ML_DSA, whose name without CKK_ is that of the mechanism. */
  KEY_ML_DSA: 0x004a,
  /** CKA_PARAMETER_SET */
  PARAMETER_SET: 0x061d,
  RSA_PKCS_KEY_PAIR_GEN: 0x0000,
  RSA_PKCS_PSS: 0x000d,
  SHA384: 0x0260,
  EC_KEY_PAIR_GEN: 0x1040,
  ECDSA: 0x1041,
  ECDH1_DERIVE: 0x1050,
  EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  EDDSA: 0x1057,
  AES_KEY_GEN: 0x1080,
  AES_GCM: 0x1087,
} as const;

export type Numbers = Record<keyof typeof replaceable, number>;

/** @param numbers `numbers` of a driver file: hexadecimal, by name without CKM_ or CKA_ */
export function driverNumbers(numbers: Readonly<Record<string, string>>): Numbers {
  const result: Record<string, number> = { ...replaceable };
  for (const [name, number] of Object.entries(numbers)) {
    if (!Object.hasOwn(replaceable, name)) {
      const known = Object.keys(replaceable).join(", ");
      throw new Error(`numbers: ${name} is not used by this driver, which uses ${known}`);
    }
    result[name] = Number(number);
  }
  return result as Numbers;
}

export const CKF = {
  OS_LOCKING_OK: 0x2,
  TOKEN_INITIALIZED: 0x400,
  USER_PIN_INITIALIZED: 0x8,
  USER_PIN_COUNT_LOW: 0x10000,
  USER_PIN_FINAL_TRY: 0x20000,
  USER_PIN_LOCKED: 0x40000,
  HW_SLOT: 0x4,
  RW_SESSION: 0x2,
  SERIAL_SESSION: 0x4,
} as const;

export const CKS = { RW_USER_FUNCTIONS: 3 } as const;
export const CKU = { SO: 0, USER: 1 } as const;
export const CKO = { DATA: 0, PUBLIC_KEY: 2, PRIVATE_KEY: 3, SECRET_KEY: 4 } as const;
export const CKK = {
  RSA: 0x00,
  EC: 0x03,
  GENERIC_SECRET: 0x10,
  AES: 0x1f,
  EC_EDWARDS: 0x40,
} as const;
export const CKG = { MGF1_SHA384: 3 } as const;
/** CKP_ML_DSA_65 */
export const CKP = { ML_DSA_65: 2 } as const;
export const CKD = { NULL: 1 } as const;

export const CKA = {
  CLASS: 0x000,
  TOKEN: 0x001,
  PRIVATE: 0x002,
  LABEL: 0x003,
  APPLICATION: 0x010,
  VALUE: 0x011,
  OBJECT_ID: 0x012,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  ENCRYPT: 0x104,
  DECRYPT: 0x105,
  WRAP: 0x106,
  UNWRAP: 0x107,
  SIGN: 0x108,
  SIGN_RECOVER: 0x109,
  VERIFY: 0x10a,
  VERIFY_RECOVER: 0x10b,
  DERIVE: 0x10c,
  MODULUS: 0x120,
  MODULUS_BITS: 0x121,
  PUBLIC_EXPONENT: 0x122,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
  LOCAL: 0x163,
  NEVER_EXTRACTABLE: 0x164,
  ALWAYS_SENSITIVE: 0x165,
  MODIFIABLE: 0x170,
  COPYABLE: 0x171,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
} as const;
