/**
 * Whether an act with a key is within a tenant's rules: a table of which exactly one row fits every
 * question. A region equals itself and nothing else: whether DE is part of the EU for a tenant's
 * purposes is for its rules to say, which then name both. Imports nothing from node:.
 */
import * as v from "valibot";

/**
 * - `create`: a key begins to live in a token.
 * - `use`: a key of a token works for somebody on a node.
 * - `transfer`: a key for data goes to a recipient in another place.
 */
export const acts = ["create", "use", "transfer"] as const;
export type Act = (typeof acts)[number];

/** Where a tenant's keys may live, and where they may be used; regions as UK or DE. */
export interface Regions {
  readonly live: readonly string[];
  readonly use: readonly string[];
}

export interface Question {
  readonly act: Act;
  readonly rules: Regions;
  /** Where the token is now, as its driver file says. */
  readonly tokenRegion: string;
  /** Where the token was when the key was made; of a key to be made, where the token is. */
  readonly keyRegion: string;
  /** Where the node is that does the work. */
  readonly nodeRegion: string;
  /** Where what is transferred goes to; of no meaning for other acts. */
  readonly recipientRegion?: string;
}

export const decisionSchema = v.object({
  allowed: v.boolean(),
  /** Name of the row that fits. */
  rule: v.string(),
  /** Why, for people. */
  sentence: v.string(),
});
export type Decision = v.InferOutput<typeof decisionSchema>;

/** What of a question the table looks at. */
export interface Facts {
  /** The token is where it was when the key was made. */
  readonly atHome: boolean;
  readonly mayLive: boolean;
  readonly mayUse: boolean;
  readonly recipientMay: boolean;
}

interface Row {
  readonly rule: string;
  readonly acts: readonly Act[];
  /** What must hold; what is not named does not matter. */
  readonly when: Partial<Facts>;
  readonly allowed: boolean;
  readonly say: (question: Question) => string;
}

const list = (regions: readonly string[]) => regions.join(", ");
const setRules = "An officer can change the rules with SetRules, which takes a second person.";
const here = { atHome: true, mayLive: true, mayUse: true };

export const table: readonly Row[] = [
  {
    rule: "create.inside",
    acts: ["create"],
    when: { mayLive: true },
    allowed: true,
    say: ({ tokenRegion }) => `Keys may live in ${tokenRegion}.`,
  },
  {
    rule: "create.outside",
    acts: ["create"],
    when: { mayLive: false },
    allowed: false,
    say: ({ rules, tokenRegion }) =>
      `Keys of this tenant may live in ${list(rules.live)} alone, and this token is in ${tokenRegion}. ${setRules}`,
  },
  {
    rule: "use.moved",
    acts: ["use", "transfer"],
    when: { atHome: false },
    allowed: false,
    say: ({ keyRegion, tokenRegion }) =>
      `This key was made in ${keyRegion}, and its driver file says that the token is in ${tokenRegion} now; put the region in the driver file right, or bring the token back.`,
  },
  {
    rule: "use.livesOutside",
    acts: ["use", "transfer"],
    when: { atHome: true, mayLive: false },
    allowed: false,
    say: ({ rules, keyRegion }) =>
      `Keys of this tenant may live in ${list(rules.live)} alone, and this one lives in ${keyRegion}. ${setRules}`,
  },
  {
    rule: "use.outside",
    acts: ["use", "transfer"],
    when: { atHome: true, mayLive: true, mayUse: false },
    allowed: false,
    say: ({ rules, nodeRegion }) =>
      `Keys of this tenant may be used in ${list(rules.use)} alone, and this node is in ${nodeRegion}. Use them on a node there. ${setRules}`,
  },
  {
    rule: "use.inside",
    acts: ["use"],
    when: here,
    allowed: true,
    say: ({ keyRegion, nodeRegion }) =>
      `The key may live in ${keyRegion} and be used in ${nodeRegion}.`,
  },
  {
    rule: "transfer.outside",
    acts: ["transfer"],
    when: { ...here, recipientMay: false },
    allowed: false,
    say: ({ rules, recipientRegion }) =>
      `Keys of this tenant may be used in ${list(rules.use)} alone, and the recipient is in ${recipientRegion}. ${setRules}`,
  },
  {
    rule: "transfer.inside",
    acts: ["transfer"],
    when: { ...here, recipientMay: true },
    allowed: true,
    say: ({ recipientRegion }) => `Keys of this tenant may be used in ${recipientRegion}.`,
  },
];

/** The rows that fit; the test of the table shows that it is always one. */
export function fitting(act: Act, facts: Facts): Row[] {
  const holds = (when: Partial<Facts>) =>
    Object.entries(when).every(([name, value]) => facts[name as keyof Facts] === value);
  return table.filter((row) => row.acts.includes(act) && holds(row.when));
}

export function decide(question: Question): Decision {
  const { rules, tokenRegion, keyRegion, nodeRegion, recipientRegion = "" } = question;
  const facts: Facts = {
    atHome: tokenRegion === keyRegion,
    mayLive: rules.live.includes(tokenRegion),
    mayUse: rules.use.includes(nodeRegion),
    recipientMay: rules.use.includes(recipientRegion),
  };
  const [row, ...others] = fitting(question.act, facts);
  // The table is proved to have one row for everything; were it not so, nothing may happen.
  if (row === undefined || others.length > 0) throw new Error(`no single rule for ${question.act}`);
  return { allowed: row.allowed, rule: row.rule, sentence: row.say(question) };
}
