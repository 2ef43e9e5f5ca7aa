"""What a tenant's client does with its key, and what it tries. Prints one JSON document.

ceph-tenant.py CONF USER KEYRING fill PATH MEBIBYTES       writes a file of so much
ceph-tenant.py CONF USER KEYRING objects POOL NAMESPACE    names of objects
ceph-tenant.py CONF USER KEYRING attack FACTS              tries ways into another tenant's data
"""

import errno
import json
import sys

import cephfs
import rados

conf, user, keyring, what, *rest = sys.argv[1:]
OPTIONS = {
    "keyring": keyring,
    "client_mount_timeout": "20",
    "rados_mon_op_timeout": "20",
    "rados_osd_op_timeout": "20",
    "log_file": "",
    "admin_socket": "",
}
ALL_NAMESPACES = "\001"


def cluster():
    handle = rados.Rados(conffile=conf, name="client." + user, conf=OPTIONS)
    handle.connect()
    return handle


def mounted(path):
    files = cephfs.LibCephFS(conffile=conf, auth_id=user, conf=OPTIONS)
    files.mount(path.encode())
    return files


def fill(path, mebibytes):
    files = mounted(path)
    handle = files.open(b"/filled", "w", 0o640)
    written = 0
    error = 0
    try:
        while written < mebibytes:
            files.write(handle, b"x" * 2**20, written * 2**20)
            written += 1
            files.fsync(handle, 0)
    except cephfs.Error as failure:
        error = failure.get_error_code()
    finally:
        try:
            files.close(handle)
        except cephfs.Error:
            pass  # what did not fit is told above
    files.unmount()
    return {"mebibytes": written, "error": errno.errorcode.get(abs(error), "")}


def objects(pool, namespace):
    io = cluster().open_ioctx(pool)
    io.set_namespace(namespace)
    return [one.key for one in io.list_objects()]


def attack(facts):
    """Each way gives what it reached, or raises."""
    handle = cluster()
    own, other = facts["own"], facts["other"]

    def asked(ask, **command):
        ret, out, words = ask(json.dumps({**command, "format": "json"}), b"")
        if ret < 0:
            raise OSError(-ret, words)
        return out.decode()

    def mon(**command):
        return asked(handle.mon_command, **command)

    def mgr(**command):
        return asked(handle.mgr_command, **command)

    def io(pool, namespace):
        context = handle.open_ioctx(pool)
        context.set_namespace(namespace)
        return context

    def names(pool, namespace):
        found = [one.key for one in io(pool, namespace).list_objects()]
        if not found:
            raise OSError(errno.ENOENT, "nothing is listed")
        return found

    def at_home(path, act):
        files = mounted(path)
        try:
            return act(files)
        finally:
            files.shutdown()

    def attribute(name, value):
        return at_home(own["path"], lambda files: files.setxattr(b"/", name, value, 0))

    def climbed(files):
        files.chdir(b"/")
        return str(files.stat(("/../../.." + other["path"]).encode()))

    volume = {"vol_name": facts["fileSystem"], "group_name": other["tenant"]}
    volume["sub_name"] = other["subvolume"]
    ways = {
        "mount the other's path": lambda: at_home(other["path"], lambda files: "mounted"),
        "mount the root": lambda: at_home("/", lambda files: "mounted"),
        "mount all groups": lambda: at_home("/volumes", lambda files: "mounted"),
        "mount the other's group": lambda: at_home(
            "/volumes/" + other["tenant"], lambda files: "mounted"
        ),
        "mount what describes its own subvolume": lambda: at_home(
            own["path"].rsplit("/", 1)[0], lambda files: "mounted"
        ),
        "climb out of its own mount": lambda: at_home(own["path"], climbed),
        "read the other's object": lambda: len(
            io(other["pool"], other["namespace"]).read(other["object"])
        ),
        "write the other's object": lambda: io(other["pool"], other["namespace"]).write_full(
            other["object"], b"overwritten"
        ),
        "remove the other's object": lambda: io(
            other["pool"], other["namespace"]
        ).remove_object(other["object"]),
        "list the other's namespace": lambda: names(other["pool"], other["namespace"]),
        "list all namespaces": lambda: names(other["pool"], ALL_NAMESPACES),
        "write into the default namespace": lambda: io(other["pool"], "").write_full("a", b"a"),
        "list the metadata": lambda: names(facts["metadata"], ""),
        "write into the metadata": lambda: io(facts["metadata"], "").write_full("a", b"a"),
        "have its files lie in the other's namespace": lambda: attribute(
            "ceph.dir.layout.pool_namespace", other["namespace"].encode()
        ),
        "change its own quota": lambda: attribute("ceph.quota.max_bytes", b"0"),
        "read the other's key": lambda: mon(prefix="auth get", entity=other["entity"]),
        "list all keys": lambda: mon(prefix="auth ls"),
        "give itself more": lambda: mon(
            prefix="auth caps", entity="client." + user, caps=["osd", "allow *"]
        ),
        "make a key": lambda: mon(
            prefix="auth get-or-create", entity="client.more", caps=["osd", "allow *"]
        ),
        "read the monitors' store": lambda: mon(prefix="config-key dump"),
        "remove the pool": lambda: mon(
            prefix="osd pool delete",
            pool=other["pool"],
            pool2=other["pool"],
            yes_i_really_really_mean_it=True,
        ),
        "rename the pool": lambda: mon(
            prefix="osd pool rename", srcpool=other["pool"], destpool="mine"
        ),
        "ask the manager for the other's volume": lambda: mgr(
            prefix="fs subvolume info", **volume
        ),
        "have the manager remove it": lambda: mgr(prefix="fs subvolume rm", **volume),
        "have the manager give it the key": lambda: mgr(
            prefix="fs subvolume authorize", auth_id=user, **volume
        ),
        "ask an OSD": lambda: asked(
            lambda text, empty: handle.osd_command(0, text, empty), prefix="config show"
        ),
    }
    results = {}
    for way, act in ways.items():
        try:
            results[way] = {"done": str(act())[:300]}
        except Exception as error:  # each library has kinds of its own
            number = getattr(error, "errno", None) or 0
            results[way] = {"refused": errno.errorcode.get(abs(number), str(error)[:300])}
    results["maps"] = mon(prefix="osd pool ls") + mon(prefix="osd dump")
    return results


if what == "fill":
    print(json.dumps(fill(rest[0], int(rest[1]))))
elif what == "objects":
    print(json.dumps(objects(*rest)))
else:
    print(json.dumps(attack(json.loads(rest[0]))))
