import { type Facts, RulePlaces, ruleText } from "./facts.ts";
import { type FlowGraph, flowGraph } from "./graph.ts";
import { nobody, several } from "./tenants.ts";
import type { FlowStep } from "./verdict.ts";

const none = -1;

/**
 * Follows what every tenant writes through all host types that are neither trusted nor shared, over
 * any number of steps, until it gets to a tenant again. Every place remembers whose information
 * reaches it, up to two different tenants: with two, whoever reads there reads of another tenant,
 * so a third would tell nothing new. So each edge is followed at most twice, however many tenants
 * there are, and nothing is missed.
 *
 * @returns by type: 1 where information of a tenant reaches it
 */
export function checkFlows(facts: Facts): Uint8Array {
  const places = new RulePlaces(facts.policy);
  return new Closure(facts, places, flowGraph(facts, places)).run();
}

/** Slots `2 * id` and `2 * id + 1` of every column hold two tenants and how each got there. */
class Closure {
  readonly #facts: Facts;
  readonly #places: RulePlaces;
  readonly #graph: FlowGraph;
  readonly #reached: Uint8Array;
  readonly #guilty: Uint8Array;
  /** Whose information rules about an id carry away, and from which type it came there. */
  readonly #sent: Int32Array;
  readonly #sentFrom: Uint16Array;
  /** Whose information rules bring to what an id speaks about, from which id and by which rule. */
  readonly #brought: Int32Array;
  readonly #broughtFrom: Uint16Array;
  readonly #broughtBy: Uint32Array;
  /** Whose information a host type holds, and about which id the rule speaks that brought it. */
  readonly #held: Int32Array;
  readonly #heldOf: Uint16Array;
  readonly #queue: number[] = [];

  constructor(facts: Facts, places: RulePlaces, graph: FlowGraph) {
    this.#facts = facts;
    this.#places = places;
    this.#graph = graph;
    const ids = facts.policy.typeIds + 1;
    this.#reached = new Uint8Array(ids);
    this.#guilty = new Uint8Array(graph.to.length);
    this.#sent = new Int32Array(ids * 2).fill(none);
    this.#sentFrom = new Uint16Array(ids * 2);
    this.#brought = new Int32Array(ids * 2).fill(none);
    this.#broughtFrom = new Uint16Array(ids * 2);
    this.#broughtBy = new Uint32Array(ids * 2);
    this.#held = new Int32Array(ids * 2).fill(none);
    this.#heldOf = new Uint16Array(ids * 2);
  }

  run(): Uint8Array {
    const { policy, owners } = this.#facts;
    for (let type = 1; type <= policy.typeIds; type++) {
      const tenant = owners.ofType[type] ?? nobody;
      if (tenant >= 0) this.#send(type, tenant);
    }
    for (let next = 0; next < this.#queue.length; next++) this.#carry(this.#queue[next] ?? 0);
    return this.#reached;
  }

  #send(type: number, tenant: number): void {
    for (const id of this.#facts.policy.membership.idsOf(type)) {
      const slot = put(this.#sent, id, tenant);
      if (slot === none) continue;
      this.#sentFrom[slot] = type;
      this.#queue.push(slot);
    }
  }

  #carry(slot: number): void {
    const { start, to, place } = this.#graph;
    const id = slot >> 1;
    const tenant = this.#sent[slot] ?? nobody;
    const end = start[id + 1] ?? 0;
    for (let edge = start[id] ?? 0; edge < end; edge++) {
      const target = to[edge] ?? 0;
      this.#judge(slot, edge, target, tenant);
      const brought = put(this.#brought, target, tenant);
      if (brought === none) continue;
      this.#broughtFrom[brought] = id;
      this.#broughtBy[brought] = place[edge] ?? 0;
      this.#spread(target, tenant);
    }
  }

  /** To the host types that an id speaks about; tenants, trusted and shared ones are its end. */
  #spread(id: number, tenant: number): void {
    const { policy, owners, trusted, shared } = this.#facts;
    for (const type of policy.membership.membersOf(id)) {
      if ((owners.ofType[type] ?? nobody) >= 0) continue;
      this.#reached[type] = 1;
      if (trusted[type] === 1 || shared[type] === 1) continue;
      const held = put(this.#held, type, tenant);
      if (held === none) continue;
      this.#heldOf[held] = id;
      this.#send(type, tenant);
    }
  }

  /** What goes from tenant to tenant by one rule is a matter of access, and found there. */
  #judge(slot: number, edge: number, target: number, tenant: number): void {
    const { owners, findings } = this.#facts;
    const reader = owners.ofId[target] ?? nobody;
    if (reader === nobody || reader === tenant || this.#guilty[edge] === 1) return;
    const from = this.#sentFrom[slot] ?? 0;
    if ((owners.ofType[from] ?? nobody) >= 0) return;
    this.#guilty[edge] = 1;
    findings.add("flow", () => {
      const path = this.#path(slot, edge, tenant);
      const [first, last] = [path[0], path.at(-1)];
      const type = owners.witness(target, tenant) ?? 0;
      const tenants = [tenant, owners.ofType[type] ?? several].map((of) => owners.tenantName(of));
      const way = path.map(({ from }) => from).concat(last?.to ?? "");
      const rules = path.map(({ rule }) => ruleText(rule)).join(" ");
      const sentence = `what ${first?.from} of ${tenants[0]} writes gets to ${last?.to} of ${tenants[1]}: ${way.join(" -> ")}, by ${rules}`;
      return { tenants, sentence, path };
    });
  }

  #path(slot: number, edge: number, tenant: number): FlowStep[] {
    const { owners } = this.#facts;
    const end = owners.witness(this.#graph.to[edge] ?? 0, tenant) ?? 0;
    const steps: FlowStep[] = [];
    let from = this.#sentFrom[slot] ?? 0;
    let to = end;
    let place = this.#graph.place[edge] ?? 0;
    for (;;) {
      steps.unshift(this.#step(from, to, place));
      if ((owners.ofType[from] ?? nobody) >= 0) return steps;
      const id = this.#heldOf[find(this.#held, from, tenant)] ?? 0;
      const brought = find(this.#brought, id, tenant);
      place = this.#broughtBy[brought] ?? 0;
      to = from;
      from = this.#sentFrom[find(this.#sent, this.#broughtFrom[brought] ?? 0, tenant)] ?? 0;
    }
  }

  #step(from: number, to: number, place: number): FlowStep {
    const { policy } = this.#facts;
    const forward = this.#speaksAbout(place, from, to);
    const rule = forward
      ? this.#places.describe(place, from, to)
      : this.#places.describe(place, to, from);
    return { from: policy.typeName(from), to: policy.typeName(to), rule };
  }

  /** Whether the first type is on the rule's source side: then it writes, else it is read. */
  #speaksAbout(place: number, source: number, target: number): boolean {
    const { policy } = this.#facts;
    const rule = this.#places.ids(place);
    return (
      policy.membership.idsOf(source).includes(rule.source) &&
      policy.membership.idsOf(target).includes(rule.target)
    );
  }
}

/** @returns the slot where the tenant was put, or none where it stands already or two others do */
function put(column: Int32Array, id: number, tenant: number): number {
  const slot = id * 2;
  if (column[slot] === tenant || column[slot + 1] === tenant) return none;
  if (column[slot] === none) {
    column[slot] = tenant;
    return slot;
  }
  if (column[slot + 1] !== none) return none;
  column[slot + 1] = tenant;
  return slot + 1;
}

function find(column: Int32Array, id: number, tenant: number): number {
  return column[id * 2] === tenant ? id * 2 : id * 2 + 1;
}
