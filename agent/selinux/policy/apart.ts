/**
 * The compiler's proof that no two tenants reach each other, as CIL.
 *
 * One rule for each pair would be half a million rules for 1,000 tenants, and the compiler goes
 * through the whole policy for each. Instead every slot gets a code word: a set of half of m
 * positions, a different one for each slot. None of these sets is part of another (Sperner, 1928),
 * so for any two slots a and b there is a position which a's word has and b's has not, and one the
 * other way round. For each position one rule forbids every right of the processes of the slots
 * that have it over all types of the slots that have not: m rules for every pair of C(m, m/2)
 * slots, 13 for 1,716 and 16 for 12,870. The plain bits of the numbers would take two rules each.
 */
import { choose, unrank } from "../subsets.ts";
import { DOMAIN_KINDS, KINDS, typeName } from "./names.ts";

/** These come first: the compiler compares them one after the other. */
const commonClasses = [
  ...["file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "process", "fd"],
  ...["unix_stream_socket", "unix_dgram_socket", "tcp_socket", "udp_socket", "blk_file"],
];

/** @returns the positions of a slot's code word */
function word(slot: number, length: number): Set<number> {
  return new Set(unrank(slot - 1, length >> 1));
}

/** @returns how many positions the words of all slots up to this one need */
export function wordLength(lastSlot: number): number {
  let length = 2;
  while (choose(length, length >> 1) < lastSlot) length += 1;
  return length;
}

/**
 * @param classes all classes of Debian's policy: what is no class of the map would not be proved
 * @returns the class map `dsecos_any`, with which "any right at all" is written
 */
export function anyRight(classes: readonly string[]): string {
  const first = commonClasses.filter((name) => classes.includes(name));
  const rest = classes.filter((name) => !first.includes(name));
  const lines = [...first, ...rest].map(
    (name) => `(classmapping dsecos_any right (${name} (all)))`,
  );
  return ["(classmap dsecos_any (right))", ...lines, ""].join("\n");
}

/** @returns the classes that a base in CIL declares */
export function classesOf(cil: string): string[] {
  return [...cil.matchAll(/^\(class (\w+) /gm)].map(([, name = ""]) => name);
}

/**
 * The processes of `dsecos_outsider` stand on the one side of every rule: no slot has every position,
 * so they are kept from all of them at no further cost.
 *
 * @returns the rules that keep every two of these slots apart
 */
export function apart(slots: readonly number[]): string {
  if (slots.length === 0) return "";
  const length = wordLength(Math.max(...slots));
  const words = slots.map((slot) => ({ slot, word: word(slot, length) }));
  const lines: string[] = [];
  for (let position = 0; position < length; position += 1) {
    const inside = words.filter((each) => each.word.has(position));
    const outside = words.filter((each) => !each.word.has(position));
    if (outside.length === 0) continue;
    const [from, to] = [`dsecos_apart${position}_from`, `dsecos_apart${position}_to`];
    const domains = inside.flatMap(({ slot }) => DOMAIN_KINDS.map((kind) => typeName(slot, kind)));
    const types = outside.flatMap(({ slot }) => KINDS.map((kind) => typeName(slot, kind)));
    lines.push(
      `(typeattribute ${from})`,
      `(typeattribute ${to})`,
      `(expandtypeattribute (${from} ${to}) true)`,
      `(typeattributeset ${from} (${["dsecos_outsider", ...domains].join(" ")}))`,
      `(typeattributeset ${to} (${types.join(" ")}))`,
      `(neverallow ${from} ${to} (dsecos_any (right)))`,
    );
  }
  return [...lines, ""].join("\n");
}
