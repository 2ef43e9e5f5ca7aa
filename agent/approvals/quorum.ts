/**
 * How many of which people must approve: m of n, by user id. A rule that would let nobody or
 * everybody decide is refused, when it is set and again whenever it is used.
 * Imports nothing from node:, since contracts and pages use the schema too.
 */
import * as v from "valibot";
import type { Caller } from "../bus/call.ts";
import { DsecosError } from "../bus/errors.ts";

/** Somebody by user id; the login name says who had it when the rule was set. */
export const personSchema = v.strictObject({
  uid: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xfffffffe)),
  user: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
});
export type Person = v.InferOutput<typeof personSchema>;

const mostPeople = 32;

const quorumEntries = {
  needed: v.pipe(
    v.number("A quorum says how many people must approve."),
    v.integer("A quorum is a whole number of people."),
    v.minValue(1, "A quorum is at least one person beside the one who asks."),
    v.maxValue(mostPeople, `A quorum is at most ${mostPeople} people.`),
    v.description("How many different people must approve, beside the one who asks"),
  ),
  approvers: v.optional(
    v.pipe(
      v.array(personSchema),
      v.minLength(1, "Name somebody, or leave the list out for all officers."),
      v.maxLength(mostPeople, `A quorum names at most ${mostPeople} people.`),
      v.check(
        (people) => new Set(people.map(({ uid }) => uid)).size === people.length,
        "A quorum names each person once.",
      ),
      v.description("Who may approve, by user id; every security officer where it is left out"),
    ),
  ),
};

export const quorumSchema = v.pipe(
  v.strictObject(quorumEntries),
  v.check(
    ({ needed, approvers }) => approvers === undefined || needed <= approvers.length,
    "A quorum cannot need more people than it names.",
  ),
);
export type Quorum = v.InferOutput<typeof quorumSchema>;

/**
 * A quorum as people set one: each person a text such as 1010:jane, so that it can be typed.
 * Names of the members are those of a quorum.
 */
export const quorumSettingSchema = v.strictObject({
  needed: quorumEntries.needed,
  approvers: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.regex(
            /^[0-9]{1,10}:[^:\s]{1,256}$/,
            "A person is user id and login name, as 1010:jane; “id -u jane” tells the id.",
          ),
        ),
      ),
      v.description("Who may approve, as 1010:jane; every security officer where nobody is named"),
    ),
  ),
});
export type QuorumSetting = v.InferOutput<typeof quorumSettingSchema>;

/** @returns what was set, in the form of a quorum and not checked yet */
export function settingOf({ needed, approvers }: QuorumSetting): unknown {
  if (approvers === undefined) return { needed };
  const people = approvers.map((text) => {
    const [uid, user] = text.split(":");
    return { uid: Number(uid), user };
  });
  return { needed, approvers: people };
}

/** Everything the kernel knows a person by: user id, and login uid behind su or sudo. */
export function idsOf({ uid, loginuid }: Pick<Caller, "uid" | "loginuid">): number[] {
  return loginuid >= 0 && loginuid !== uid ? [uid, loginuid] : [uid];
}

/** The person behind a call: who logged in, whatever su or sudo made of that. */
export function personBehind({ uid, loginuid }: Pick<Caller, "uid" | "loginuid">): number {
  return loginuid >= 0 ? loginuid : uid;
}

/**
 * @param officers who is a security officer now
 * @returns those who may approve now: named people must still be officers, and still be the person
 *   who had the user id when the rule was set.
 */
export function candidates({ approvers }: Quorum, officers: readonly Person[]): Person[] {
  if (approvers === undefined) return [...officers];
  return approvers.filter(({ uid, user }) =>
    officers.some((officer) => officer.uid === uid && officer.user === user),
  );
}

/**
 * Refuses what is no quorum, and one that cannot be reached without the person who asks.
 * @param value as it was read, from wherever; nothing in it is trusted.
 * @param asking ids of who asks, or who sets the rule
 * @throws DsecosError Denied that says which
 */
export function checkQuorum(
  value: unknown,
  asking: readonly number[],
  officers: readonly Person[],
): Quorum {
  const result = v.safeParse(quorumSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new DsecosError("Denied", `The rule of who must approve is no quorum: ${issue.message}`);
  }
  const quorum = result.output;
  const may = candidates(quorum, officers);
  const lost = quorum.approvers?.filter((person) => !may.includes(person)) ?? [];
  if (may.length < quorum.needed) {
    throw new DsecosError("Denied", `${unreachable(quorum, may)}${noOfficers(lost)}`);
  }
  const others = may.filter(({ uid }) => !asking.includes(uid));
  if (others.length < quorum.needed) {
    const what =
      `${unreachable(quorum, others)} Nobody approves what he asks for himself: ` +
      "let somebody else ask, or name more people.";
    throw new DsecosError("Denied", what);
  }
  return quorum;
}

function unreachable({ needed }: Quorum, may: readonly Person[]): string {
  const who = may.length === 0 ? "nobody" : `only ${may.map(({ user }) => user).join(", ")}`;
  return `${needed} must approve this, and ${who} can.`;
}

function noOfficers(lost: readonly Person[]): string {
  if (lost.length === 0) return "";
  const names = lost.map(({ user, uid }) => `${user} (user id ${uid})`).join(", ");
  return ` Not security officers of this node now: ${names}. Add them to the group dsecos-officer, or set the rule anew.`;
}
