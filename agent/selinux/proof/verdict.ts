import type { GrantingRule } from "./why.ts";

/**
 * - `access`: a rule lets a type of one tenant act on a type of another
 * - `flow`: information gets from one tenant to another by way of host types
 * - `escape`: a tenant may leave its confinement, for the kernel, the policy or another domain
 * - `entry`: a host domain outside the trusted base may become a tenant's domain
 * - `transition`: new processes or objects of one tenant get a type that is not its own
 * - `label`: the policy itself labels an object with a tenant's type
 * - `permissive`: a domain outside the trusted base is not confined at all
 * - `description`: types and tenants do not fit each other
 */
export const violationKinds = [
  "access",
  "flow",
  "escape",
  "entry",
  "transition",
  "label",
  "permissive",
  "description",
] as const;

export type ViolationKind = (typeof violationKinds)[number];

/** One step of a flow: information goes from one type to the other because of the rule. */
export interface FlowStep {
  from: string;
  to: string;
  rule: GrantingRule;
}

export interface Violation {
  kind: ViolationKind;
  /** Whose wall it breaks: from, to; one name where there is no other side. */
  tenants: string[];
  /** What is wrong, with the rule in it. */
  sentence: string;
  /** The guilty rule, where it is one of access. */
  rule?: GrantingRule;
  /** For `flow`: every step from one tenant to the other. */
  path?: FlowStep[];
}

/** What was proved, of which policy, under which assumptions. */
export interface Verdict {
  /** No violation was found. */
  proved: boolean;
  policy: {
    /** SHA-256 in hexadecimal. */
    sha256: string;
    version: number;
    /** In bytes. */
    size: number;
    /** What happens with permissions that the policy does not know. */
    unknown: "deny" | "reject" | "allow";
  };
  counts: {
    /** Spare slots included. */
    tenants: number;
    tenantTypes: number;
    types: number;
    attributes: number;
    /** Type ids in use, of 65,535. */
    typeIds: number;
    allowRules: number;
    conditionalRules: number;
    /** Rules that give a new type: by transition, member, change, or file name. */
    typeRules: number;
  };
  /** Types whose domains are trusted to keep tenants apart. */
  trustedBase: string[];
  /** Host types that hold nothing of whoever writes to them. */
  shared: string[];
  /**
   * Names in the two lists that the proof does not need: the policy does not have them, or
   * nothing of a tenant gets there.
   */
  unneeded: { trustedBase: string[]; shared: string[] };
  /** All permissive domains, trusted ones too. */
  permissive: string[];
  /** The first ones of each kind. */
  violations: Violation[];
  /** All, by kind; kinds without any are left out. */
  totals: Partial<Record<ViolationKind, number>>;
  total: number;
  /** How long the proof took, in milliseconds. */
  milliseconds: number;
}
