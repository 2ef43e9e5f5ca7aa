/** What a service learns of the person behind a call, and what it can use while answering. */

/** Identity as the bus and the kernel tell it; nothing in it comes from the caller. */
export interface Caller {
  /** Unique name on the bus, for example `:1.42`. */
  readonly connection: string;
  readonly uid: number;
  /** Login name, or `uid:<number>` where the system knows none. */
  readonly user: string;
  readonly gids: readonly number[];
  readonly pid: number;
  /** Kernel's login uid, which su and sudo do not change; -1 when there is none. */
  readonly loginuid: number;
  /** SELinux or AppArmor label; empty when the kernel gives none. */
  readonly label: string;
}

export interface Call {
  /** Ties the audit entries of this call together; 16 hexadecimal characters. */
  readonly id: string;
  readonly caller: Caller;
  /** `<subsystem>.<Member>` */
  readonly member: string;
  /** Aborted when the call's time is over. */
  readonly signal: AbortSignal;
  /** Names of those who approved it, where the member needs that. */
  readonly approvers: readonly string[];
  /**
   * Adds facts to what goes on record of the outcome, be it success or failure. JSON values only;
   * never a secret.
   */
  note(facts: Record<string, unknown>): void;
}
