/**
 * Members that the dump of an OSD map has, from Ceph 16.2 to 19.2 (OSDMap::dump, pg_pool_t::dump). One
 * that is not among them could be a new way for data to be elsewhere, so that nothing is proven then.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const knownOfMap = words(`
  epoch fsid created modified last_up_change last_in_change flags flags_num flags_set crush_version
  full_ratio backfillfull_ratio nearfull_ratio cluster_snapshot pool_max max_osd
  require_min_compat_client min_compat_client require_osd_release allow_crimson pools osds osd_xinfo
  pg_upmap pg_upmap_items pg_upmap_primaries pg_temp primary_temp blocklist range_blocklist
  erasure_code_profiles removed_snaps_queue new_removed_snaps new_purged_snaps crush_node_flags
  device_class_flags stretch_mode
`);

export const knownOfPool = words(`
  pool pool_name create_time flags flags_names type size min_size crush_rule is_stretch_pool
  peering_crush_bucket_count peering_crush_bucket_target peering_crush_bucket_barrier
  peering_crush_bucket_mandatory_member object_hash pg_autoscale_mode pg_num pg_placement_num
  pg_placement_num_target pg_num_target pg_num_pending last_pg_merge_meta last_change
  last_force_op_resend last_force_op_resend_prenautilus last_force_op_resend_preluminous auid snap_mode
  snap_seq snap_epoch pool_snaps removed_snaps quota_max_bytes quota_max_objects tiers tier_of read_tier
  write_tier cache_mode target_max_bytes target_max_objects cache_target_dirty_ratio_micro
  cache_target_dirty_high_ratio_micro cache_target_full_ratio_micro cache_min_flush_age
  cache_min_evict_age erasure_code_profile hit_set_params hit_set_period hit_set_count use_gmt_hitset
  min_read_recency_for_promote min_write_recency_for_promote hit_set_grade_decay_rate
  hit_set_search_last_n grade_table stripe_width expected_num_objects fast_read options
  application_metadata read_balance
`);
