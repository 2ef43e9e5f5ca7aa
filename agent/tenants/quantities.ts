/** Amounts as people write them: `128`, `512MiB`, `1TB`. No node: imports. */

const factors: Record<string, bigint> = {
  B: 1n,
  kB: 1000n,
  KB: 1000n,
  MB: 1000n ** 2n,
  GB: 1000n ** 3n,
  TB: 1000n ** 4n,
  PB: 1000n ** 5n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  PiB: 1024n ** 5n,
};

export const byteUnits = Object.keys(factors);

/** @returns bytes, or undefined when the text is not a whole number with a unit. */
export function parseBytes(text: string): bigint | undefined {
  const match = /^([1-9][0-9]{0,14}) ?([A-Za-z]{1,3})$/.exec(text);
  const factor = match?.[2] === undefined ? undefined : factors[match[2]];
  if (match?.[1] === undefined || factor === undefined) return undefined;
  return BigInt(match[1]) * factor;
}

/** @returns KiB, rounded down; what the contract uses for sizes, since it stays exact in JSON. */
export function parseKib(text: string): number | undefined {
  const bytes = parseBytes(text);
  return bytes === undefined ? undefined : Number(bytes / 1024n);
}

/** @returns for example `1.5 GiB`; for people, so rounded. */
export function formatKib(kib: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = kib;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
