/** What the tree is built from: the parts of Ceph's own answers that are used, in Ceph's names. */

/** Of `osd dump`. */
export interface OsdOfMap {
  osd: number;
  up: number;
  in: number;
  /** What `ceph osd reweight` sets, 0 to 1. */
  weight: number;
  state: readonly string[];
}

/** Of `osd crush dump`. */
export interface CrushTree {
  devices: readonly { id: number; class?: string | undefined }[];
  buckets: readonly {
    id: number;
    name: string;
    type_name: string;
    /** Weights in units of 1/65536. */
    items: readonly { id: number; weight: number }[];
  }[];
}

/** Of `osd df`. */
export interface OsdUse {
  id: number;
  kb: number;
  kb_used: number;
  kb_avail: number;
  pgs: number;
}

/** Of `osd perf`. */
export interface OsdLatency {
  id: number;
  commitLatencyMs: number;
  applyLatencyMs: number;
}

export interface TopologyInput {
  osds: readonly OsdOfMap[];
  crush: CrushTree;
  /** Empty where no manager answers. */
  use: readonly OsdUse[];
  latency: readonly OsdLatency[];
}
