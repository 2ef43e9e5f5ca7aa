/** Canonical JSON, so that the same facts always have the same bytes and the same hash. */

/**
 * JSON as RFC 8785 writes it: keys in order of their UTF-16 units, numbers as ECMAScript does.
 * @throws TypeError for what JSON cannot hold: NaN, infinities, lone surrogates, functions.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("a lone surrogate has no UTF-8");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object") {
    const members = value as Record<string, unknown>;
    let text = "";
    // Sorting without a function compares UTF-16 units.
    for (const key of Object.keys(members).sort()) {
      if (members[key] === undefined) continue;
      text += `${text === "" ? "" : ","}${canonical(key)}:${canonical(members[key])}`;
    }
    return `{${text}}`;
  }
  throw new TypeError(`${typeof value} has no JSON`);
}
