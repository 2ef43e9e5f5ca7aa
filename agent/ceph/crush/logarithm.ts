/**
 * The logarithm of straw2 in fixed point: 2^44 · log2(x + 1) for x of 16 bits, from two tables. They
 * are computed here from what they stand for: with a reciprocal a number is brought close to 1, and
 * the logarithm of the reciprocal and that of the small rest are added.
 *
 * The tables of Ceph (and of Linux) are not quite that: nearly all logarithms of the rest are too
 * large by one constant, some by other amounts, and the last of the others is too small. Every cluster
 * places its data by them, so that they are the truth; how they differ was found by comparison.
 */

const unit = 1n << 48n;

/** Bits behind the point while a logarithm is computed. */
const precision = 128n;

/** ⌊2^48 · log2(numerator / denominator)⌋, for a ratio from 1 up to, but without, 2; by squaring. */
function log2(numerator: bigint, denominator: bigint): bigint {
  let value = (numerator << precision) / denominator;
  let result = 0n;
  for (let bit = 0; bit < 48; bit += 1) {
    value = (value * value) >> precision;
    result <<= 1n;
    if (value >> precision >= 2n) {
      value >>= 1n;
      result |= 1n;
    }
  }
  return result;
}

/** What is added to the logarithm of 1 + k / 2^15, but for those named below. */
const usual = 5_493_489_664;
const none = [
  ...[0, 1, 203, 216, 222, 233, 237, 238, 239, 243, 244, 245, 246],
  ...[248, 249, 250, 251, 252, 253, 254, 255],
];
const others = new Map([
  ...none.map((k): [number, number] => [k, 0]),
  ...([
    [56, 5_349_423_536],
    [127, 978_272_901],
    [134, 3_588_789_669],
    [181, 4_007_963_589],
    [184, 5_423_282_367],
    [188, 2_201_924_427],
    [193, 3_829_329_171],
    [198, 2_511_158_322],
    [199, 2_670_353_280],
    [200, 3_807_665_765],
    [207, 5_045_407_031],
    [210, 4_635_559_696],
    [212, 3_670_382_108],
    [225, 3_209_098_745],
    [227, 1_514_328_394],
    [228, 2_662_093_655],
    [229, 561_838_844],
    [231, 3_537_203_772],
    [235, 4_861_921_003],
    [236, 5_281_046_906],
    [240, 2_650_193_885],
    [241, 4_203_558_265],
    [247, 362_109_528],
  ] as const),
]);

/** Of 1 / (1 + k / 128), rounded up, and of the logarithm of 1 + k / 128. */
function coarse(k: number): { reciprocal: bigint; logarithm: bigint } {
  const sum = BigInt(128 + k);
  const reciprocal = (unit * 128n + sum - 1n) / sum;
  // Of 2, which the last is the logarithm of, it should be the unit.
  const logarithm = k === 128 ? unit - (1n << 32n) : log2(sum, 128n);
  return { reciprocal, logarithm };
}

const fine = (k: number): bigint =>
  log2(BigInt(2 ** 15 + k), 1n << 15n) + BigInt(others.get(k) ?? usual);

/** Both tables: of 1 + k / 128 for k to 128, and of 1 + k / 2^15 for k to 255. */
export function tables() {
  return {
    coarses: Array.from({ length: 129 }, (_, k) => coarse(k)),
    fines: Array.from({ length: 256 }, (_, k) => fine(k)),
  };
}

/**
 * By a hash's lower 16 bits: how far its logarithm is below that of 2^16, which is what weights divide;
 * whole numbers up to 2^48.
 */
export function straws(): Float64Array {
  const { coarses, fines } = tables();
  return Float64Array.from({ length: 65_536 }, (_, hash) => {
    const exponent = Math.min(31 - Math.clz32(hash + 1), 15);
    const normal = (hash + 1) * 2 ** (15 - exponent);
    const { reciprocal, logarithm } = coarses[(normal >> 8) - 128] as (typeof coarses)[number];
    const rest = Number(((BigInt(normal) * reciprocal) >> 48n) & 255n);
    const fraction = (logarithm + (fines[rest] as bigint)) >> 4n;
    return Number(unit - ((BigInt(exponent) << 44n) + fraction));
  });
}
