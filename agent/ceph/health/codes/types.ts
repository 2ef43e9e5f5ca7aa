/** What a health code of Ceph means, in words of ours. */
export interface Explanation {
  title: string;
  cause: string;
  /** What may happen while it lasts. */
  risk: string;
  remedy: string;
  /** What a sceptic runs himself, or what puts it right; `<…>` is to be filled in. */
  command: string;
}

export type Explanations = Readonly<Record<string, Explanation>>;

export const explained = (
  title: string,
  cause: string,
  risk: string,
  remedy: string,
  command: string,
): Explanation => ({ title, cause, risk, remedy, command });
