// @ts-check

/** Where the OSDs of a development cluster are, one after the other. */
export const sites = /** @type {const} */ ([
  { region: "uk", datacenter: "london", host: "lon" },
  { region: "uk", datacenter: "manchester", host: "man" },
  { region: "eu", datacenter: "frankfurt", host: "fra" },
  { region: "ae", datacenter: "dubai", host: "dxb" },
]);

const osdBytes = 1024 ** 3;

/**
 * @param {object} cluster
 * @param {string} cluster.directory
 * @param {string} cluster.fsid
 * @param {{ name: string, port: number }[]} cluster.mons
 * @param {number} cluster.osds
 * @returns {string} ceph.conf of a cluster on the loopback interface, encrypted on every link
 */
export function clusterConfig({ directory, fsid, mons, osds }) {
  const modes = ["cluster", "service", "client", "mon_cluster", "mon_service", "mon_client"];
  // No more than the region uk has hosts, which half of the OSDs are on.
  const copies = Math.min(3, Math.ceil(osds / 2));
  return `[global]
fsid = ${fsid}
mon_host = ${mons.map(({ port }) => `[v2:127.0.0.1:${port}/0]`).join(",")}
mon_initial_members = ${mons.map(({ name }) => name).join(",")}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
ms_bind_port_max = 8000
${modes.map((kind) => `ms_${kind}_mode = secure\n`).join("")}keyring = ${directory}/keyring
run_dir = ${directory}/run
log_file = ${directory}/log/$name.log
crash_dir = ${directory}/crash
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = ${copies}
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 1
mon_max_pg_per_osd = 20000
mon_allow_pool_delete = true
mon_warn_on_pool_no_redundancy = false
# A development machine's disk is often rather full.
mon_data_avail_warn = 2
mon_data_avail_crit = 1
# What is lost is noticed within seconds, and a cluster begins in as few.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_tick_interval = 1
mon_lease = 3
mon_election_timeout = 3
mon_down_mkfs_grace = 0
mon_mgr_beacon_grace = 8
mgr_tick_period = 1
mgr_stats_period = 1
mds_beacon_interval = 1
mds_beacon_grace = 8
osd_heartbeat_interval = 1
osd_heartbeat_grace = 6
mon_osd_min_down_reporters = 1
[mon]
admin_socket = ${directory}/run/$name.asok
mon_cluster_log_file = ${directory}/log/cluster.log
mgr_initial_modules = iostat
mon_data = ${directory}/mon.$id
[mgr]
admin_socket = ${directory}/run/$name.asok
mgr_data = ${directory}/mgr.$id
[mds]
admin_socket = ${directory}/run/$name.asok
mds_data = ${directory}/mds.$id
[osd]
admin_socket = ${directory}/run/$name.asok
osd_data = ${directory}/osd.$id
osd_objectstore = memstore
osd_memory_target = 939524096
memstore_device_bytes = ${osdBytes}
osd_crush_update_on_start = true
${Array.from({ length: osds }, (_, id) => placeOf(id)).join("")}`;
}

/** @param {number} id of an OSD */
function placeOf(id) {
  const { region, datacenter, host } = sites[id % sites.length] ?? sites[0];
  const number = String(Math.floor(id / sites.length) + 1).padStart(2, "0");
  return `[osd.${id}]
crush_location = root=default region=${region} datacenter=${datacenter} host=${host}-${number}
`;
}
