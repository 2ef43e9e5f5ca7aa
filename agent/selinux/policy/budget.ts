/**
 * The kernel numbers types and attributes with 16 bits. secilc 3.8 does not check it: one too many,
 * and rules silently belong to another type. So they are counted before it runs.
 */
import { MOST_TYPE_IDS } from "./names.ts";

export class BudgetError extends Error {
  override name = "BudgetError";
  readonly ids: number;

  constructor(ids: number) {
    super(
      `the policy would have ${ids} types and attributes, and the kernel numbers ${MOST_TYPE_IDS} at most: remove tenants, spare slots or modules`,
    );
    this.ids = ids;
  }
}

/**
 * @param texts all CIL of a policy
 * @returns how many types and attributes it declares, at most: what is declared twice, in a comment
 *   or for the proof only is counted too
 */
export function countTypeIds(texts: Iterable<string>): number {
  let count = 0;
  for (const text of texts) {
    for (const declaration of ["(type ", "(typeattribute "]) {
      let at = text.indexOf(declaration);
      while (at >= 0) {
        count += 1;
        at = text.indexOf(declaration, at + declaration.length);
      }
    }
  }
  return count;
}

/** @throws BudgetError @returns the count, where it fits */
export function checkBudget(texts: Iterable<string>): number {
  const ids = countTypeIds(texts);
  if (ids > MOST_TYPE_IDS) throw new BudgetError(ids);
  return ids;
}
