#!/bin/bash
# A journald with sealing, in the mount namespace that it is started in: takes the lines of a file
# over its stream socket ($3 $4 sends them), and prints its CPU in clock ticks (of 10 ms) and the bytes of its files.
set -eu
directory=$1
lines=$2
mount --make-rprivate /
mkdir -p "$directory/run" "$directory/journal" /run/systemd /var/log/journal
mount --bind "$directory/run" /run/systemd
mount --bind "$directory/journal" /var/log/journal
machine=$(cat /etc/machine-id)
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d "/var/log/journal/$machine"
touch /run/systemd/journal/flushed
umount --recursive /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
journalctl --setup-keys >"$directory/key" 2>&1
cat >/run/systemd/journald.conf.d/bench.conf <<'CONF'
[Journal]
Storage=persistent
Seal=yes
RateLimitIntervalSec=0
RateLimitBurst=0
Audit=no
SystemMaxUse=4G
CONF
/lib/systemd/systemd-journald 2>"$directory/journald.log" &
daemon=$!
trap 'kill $daemon' EXIT
until [ -S /run/systemd/journal/stdout ]; do sleep 0.05; done
ticks() {
  awk '{ print $14 + $15 }' "/proc/$daemon/stat"
}
before=$(ticks)
"$3" "$4" /run/systemd/journal/stdout "$lines"
# It has read all when it uses no more time.
last=-1
now=$(ticks)
while [ "$now" != "$last" ]; do
  sleep 0.3
  last=$now
  now=$(ticks)
done
journalctl --sync
after=$(ticks)
echo "$((after - before)) $(du --apparent-size --block-size=1 --summarize /var/log/journal | cut -f1)"
