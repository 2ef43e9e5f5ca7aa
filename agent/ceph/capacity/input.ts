/** What is counted: the parts of Ceph's own answers that are used, in Ceph's names. */

/** Of `osd dump`. */
export interface PoolOfMap {
  pool: number;
  pool_name: string;
  /** 1: replicated, 3: erasure coded. */
  type: number;
  size: number;
  min_size: number;
  crush_rule: number;
  pg_num: number;
  quota_max_bytes: number;
  erasure_code_profile: string;
  application_metadata: Readonly<Record<string, unknown>>;
}

export type Profiles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Of `osd crush dump`. */
export interface CrushRule {
  rule_id: number;
  rule_name: string;
  steps: readonly {
    op: string;
    type?: string | undefined;
    /** Of a take: the bucket, and its device class where it is bound to one, as uk~ssd. */
    item_name?: string | undefined;
  }[];
}

/** Of `df` with details: bytes. */
export interface UseOfPool {
  id: number;
  stats: { stored: number; bytes_used: number; max_avail: number; objects: number };
}
