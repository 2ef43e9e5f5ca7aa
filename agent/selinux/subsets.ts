/**
 * Numbers for sets: the sets of k numbers, in co-lexicographic order, are counted from 0. The order
 * needs no largest number: the first C(n, k) sets are those of the numbers below n.
 *
 * This is the combinatorial number system (D. H. Lehmer, in E. F. Beckenbach, Applied Combinatorial
 * Mathematics, 1964; D. E. Knuth, The Art of Computer Programming 4A, 7.2.1.3): the rank of
 * c1 < c2 < … < ck is C(c1, 1) + C(c2, 2) + … + C(ck, k).
 */

/** @returns n over k. Exact as long as the result is below 2^53 / n. */
export function choose(n: number, k: number): number {
  if (k > n) return 0;
  let result = 1;
  for (let i = 1; i <= k; i += 1) result = (result * (n - k + i)) / i;
  return result;
}

/** @returns the set that has this rank, ascending */
export function unrank(rank: number, size: number): number[] {
  if (!Number.isSafeInteger(rank) || rank < 0) throw new RangeError(`${rank} is no rank of a set`);
  const set: number[] = [];
  let left = rank;
  for (let k = size; k > 0; k -= 1) {
    // C(n, k) is at most n^k / k!, so the number is not below this; one less, as roots are rounded.
    let number = Math.max(k - 1, Math.floor((left * factorial(k)) ** (1 / k)) - 1);
    while (choose(number + 1, k) <= left) number += 1;
    left -= choose(number, k);
    set.unshift(number);
  }
  return set;
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** @param set ascending, without repetition @returns its rank among the sets of its size */
export function rank(set: readonly number[]): number {
  return set.reduce((sum, number, index) => sum + choose(number, index + 1), 0);
}
