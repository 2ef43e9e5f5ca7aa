/**
 * Somebody who got out of a container, as far as the kernel's other defences go: root of the host,
 * in none of the container's namespaces, but still in the domain of its tenant.
 *
 * Nobody can take that domain at will, so that the way in is Incus's own. A copy of busybox with the
 * label of incusd, started by systemd, is in Incus's domain; there it lays out a program in the
 * storage of the intruder's tenant and what it reaches for where everybody may look, and starts the
 * program. From then on the program has the tenant's domain, by its label.
 */

const pools = "/var/lib/incus/storage-pools";

/** A directory of the type of the root directory, in which every process may look. */
export const reach = "/reach";

export const attempts = [
  ...(["read", "write", "relabel", "signal", "ptrace", "proc", "socket", "disguise"] as const),
];
export type Attempt = (typeof attempts)[number];

/** Writes a line for each attempt: its name, and `done` or `refused`. */
const program = `use strict; use Socket;
my ($pid, $type) = @ARGV;
open(my $told, ">", "told") or die;
sub attempt { my ($what, $done) = @_; print $told "$what ", ($done ? "done" : "refused"), "\\n"; }
open(my $self, "<", "/proc/self/attr/current") or die; print $told "as ", <$self> =~ s/\\0//r, "\\n";
attempt("read", open(my $r, "<", "${reach}/file"));
attempt("write", open(my $w, ">>", "${reach}/file"));
my $name = "security.selinux"; my $label = "system_u:object_r:$type:s0";
my $victims = "${reach}/file"; my $own = "told";
attempt("relabel", syscall(188, $victims, $name, $label, length $label, 0) == 0);
attempt("disguise", syscall(188, $own, $name, $label, length $label, 0) == 0);
attempt("signal", kill("CONT", $pid));
attempt("ptrace", syscall(101, 16, $pid + 0, 0, 0) == 0);
attempt("proc", open(my $p, "<", "/proc/$pid/environ"));
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
attempt("socket", connect($s, sockaddr_un("${reach}/socket")));
close($told) or die;
`;

export interface Victim {
  /** Slot name, such as `tenant0001`. */
  slot: string;
  /** Its directory in the pool, such as `alpha_web`. */
  container: string;
  /** A process of it. */
  pid: number;
  /** A socket on which it listens, as a path in it. */
  socket: string;
}

/** @returns a script for root's shell, which prints what the program wrote */
export function intrude(slot: string, victim: Victim): string {
  const own = `${pools}/${slot}/containers/intruder`;
  const theirs = `${pools}/${victim.slot}/containers/${victim.container}/rootfs`;
  return `set -eu
mkdir -p ${reach} && touch ${reach}/file ${reach}/socket
chcon --type=root_t ${reach} ${reach}/file ${reach}/socket
cp /bin/busybox /usr/local/bin/busybox && chcon --type=incusd_exec_t /usr/local/bin/busybox
cat > /usr/local/bin/intruder <<'END'
${program}END
cat > /usr/local/bin/intrude <<'END'
set -eu
mkdir -p ${own} && cp /usr/bin/perl /usr/local/bin/intruder ${own}
echo secret > ${theirs}/srv/file && chmod 666 ${theirs}/srv/file
mount --bind ${theirs}/srv/file ${reach}/file
mount --bind ${theirs}${victim.socket} ${reach}/socket
cd ${own} && ./perl intruder ${victim.pid} ${victim.slot}_file_t
cat told > /var/lib/incus/told
END
systemd-run --quiet --wait /usr/local/bin/busybox sh /usr/local/bin/intrude
cat /var/lib/incus/told
`;
}
