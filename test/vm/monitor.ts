/**
 * A cluster of Debian 13's Ceph in the machine: one monitor, with Debian's own unit and account, and
 * neither manager nor OSD. The agent has a key of it, and its unit is opened to it as our manual says.
 */
import { randomUUID } from "node:crypto";
import { makeKeyrings } from "../../packaging/ceph/keys.js";

const { all, dsecos } = makeKeyrings(0);
const config = `[global]
fsid = ${randomUUID()}
mon_host = 127.0.0.1
mon_initial_members = vm1
public_addr = 127.0.0.1
auth_allow_insecure_global_id_reclaim = false
# None of them comes with a monitor alone.
osd_erasure_code_plugins =
`;

const example = "/usr/share/doc/dsecos-agent/examples/network.conf";
const dropIns = "/etc/systemd/system/dsecos-agent.service.d";

/** For root's shell. */
export const startMonitor = `set -eu
umask 022
cat > /etc/ceph/ceph.conf <<'END'
${config}END
work=$(mktemp -d) && chown ceph "$work"
cat > $work/keyring <<'END'
${all}END
install -d -o ceph -g ceph /var/lib/ceph/mon/ceph-vm1
runuser -u ceph -- ceph-mon --mkfs -i vm1 --keyring $work/keyring
rm -r "$work"
systemctl start ceph-mon@vm1
umask 077
cat > /etc/ceph/ceph.client.dsecos.keyring <<'END'
${dsecos}END
sed 's/^#IPAddressAllow=192.*/IPAddressAllow=127.0.0.1/' ${example} > ${dropIns}/network.conf
systemctl daemon-reload
systemctl restart dsecos-agent
`;
