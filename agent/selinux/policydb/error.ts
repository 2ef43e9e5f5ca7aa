/** Why a binary policy cannot be read: one sentence, and where in the file. */
export class PolicyError extends Error {
  /** Bytes from the start of the file. */
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(`the policy cannot be read: ${reason} at byte ${offset}`);
    this.name = "PolicyError";
    this.offset = offset;
  }
}
