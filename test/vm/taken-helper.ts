/**
 * Somebody who took the agent's helper for Ceph over: a program in its place, with its label, which
 * the agent starts and which so has the helper's domain. It makes a header as the helper does, tries
 * what the helper never may, and tells of it in the words of a connection that was refused, which the
 * agent shows with the state of its link.
 */

const helper = "/usr/lib/dsecos/ceph-helper.py";
const kept = "/root/ceph-helper.py";

/** Each is refused. */
export const trespasses = [
  ...(["record", "state", "password", "token", "incus", "driver", "port", "listen"] as const),
  ...(["program", "signal", "policy"] as const),
];

/** What the helper does when it is there, with its functions before it. */
const program = `
import socket

def listen():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

def connect_to(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)

def outcome(act):
    try:
        act()
    except OSError as error:
        return "refused" if error.errno in (errno.EACCES, errno.EPERM) else str(error)
    return "done"

header = luks_header("a passphrase of nobody")
with open("/proc/self/attr/current") as file:
    told = ["%d %s" % (len(header), header[:4].decode()), file.read().strip("\\0\\n")]
for name, act in {
    "record": lambda: os.listdir("/var/lib/dsecos/audit"),
    "state": lambda: os.listdir("/var/lib/dsecos"),
    "password": lambda: open("/etc/dsecos/agent.json"),
    "token": lambda: os.listdir("/var/lib/dsecos-hsm/softhsm"),
    "incus": lambda: connect_to("/var/lib/incus/unix.socket"),
    "driver": lambda: connect_to("/run/dsecos-hsm/softhsm.sock"),
    "port": lambda: socket.create_connection(("127.0.0.1", 22)),
    "listen": listen,
    "program": lambda: subprocess.run(["/usr/bin/true"]),
    "signal": lambda: os.kill(os.getppid(), 0),
    "policy": lambda: open("/sys/fs/selinux/load", "wb"),
}.items():
    told.append("%s %s" % (name, outcome(act)))
say({"id": 0, "event": "refused", "ret": -errno.EIO, "words": ", ".join(told)})
os._exit(0)
`;

/** For root's shell: puts the program in the helper's place, whose label stays, and ends the helper. */
export const takeOver = `set -eu
cp ${helper} ${kept}
sed '/^try:$/,$d' ${kept} > /root/taken.py
cat >> /root/taken.py <<'END'
${program}END
cat /root/taken.py > ${helper}
kill -KILL $(pgrep -f ${helper})
`;

/** For root's shell: puts the helper back. */
export const giveBack = `cat ${kept} > ${helper}`;
