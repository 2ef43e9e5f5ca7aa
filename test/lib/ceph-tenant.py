"""What a tenant's client does with its key, and what it tries. Prints one JSON document.

ceph-tenant.py CONF USER KEYRING fill PATH MEBIBYTES       writes a file of so much
ceph-tenant.py CONF USER KEYRING objects POOL NAMESPACE    names of objects
ceph-tenant.py CONF USER KEYRING attack FACTS              tries ways into another tenant's data
ceph-tenant.py CONF USER KEYRING put PATH NAME TEXT        writes a file
ceph-tenant.py CONF USER KEYRING get PATH NAME             reads a file of each snapshot, and as it is
ceph-tenant.py CONF USER KEYRING release FACTS             tries ways to end what snapshots hold
ceph-tenant.py CONF USER KEYRING beneath POOL NAMESPACE    overwrites objects past CephFS
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


def tried(ways):
    results = {}
    for way, act in ways.items():
        try:
            results[way] = {"done": str(act())[:300]}
        except Exception as error:  # each library has kinds of its own
            number = getattr(error, "errno", None) or 0
            results[way] = {"refused": errno.errorcode.get(abs(number), str(error)[:300])}
    return results


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
    results = tried(ways)
    results["maps"] = mon(prefix="osd pool ls") + mon(prefix="osd dump")
    return results


def text_of(files, path):
    handle = files.open(path, "r")
    try:
        return files.read(handle, 0, 1000).decode()
    finally:
        files.close(handle)


def snapshots_of(files):
    found = []
    directory = files.opendir(b"/.snap")
    entry = files.readdir(directory)
    while entry:
        if entry.d_name not in (b".", b".."):
            found.append(entry.d_name)
        entry = files.readdir(directory)
    files.closedir(directory)
    return sorted(found)


def put(path, name, text):
    files = mounted(path)
    handle = files.open(b"/" + name.encode(), "w", 0o640)
    if text:  # the library falls over what has no bytes
        files.write(handle, text.encode(), 0)
    files.fsync(handle, 0)
    files.close(handle)
    files.unmount()
    return {}


def get(path, name):
    files = mounted(path)
    found = {}
    for place in [*snapshots_of(files), b""]:
        where = (b"/.snap/" + place if place else b"") + b"/" + name.encode()
        try:
            found[place.decode()] = text_of(files, where)
        except cephfs.ObjectNotFound:
            found[place.decode()] = None
    files.unmount()
    return found


def release(facts):
    """Ways of one who has mounted the volume, or asks the cluster with its key."""
    files = mounted(facts["path"])
    name = snapshots_of(files)[0]
    snapshot = b"/.snap/" + name
    file = snapshot + b"/" + facts["file"].encode()
    handle = cluster()

    def mgr(**command):
        volume = {"vol_name": facts["fileSystem"], "group_name": facts["tenant"]}
        volume["sub_name"] = facts["subvolume"]
        ret, _out, words = handle.mgr_command(json.dumps({**command, **volume}), b"")
        if ret < 0:
            raise OSError(-ret, words)
        return words

    def io():
        context = handle.open_ioctx(facts["pool"])
        context.set_namespace(facts["namespace"])
        return context

    def through_parent():
        parent = mounted(facts["path"].rsplit("/", 1)[0])
        parent.rmdir(b"/.snap/" + facts["snapshot"].encode())

    ways = {
        "remove it": lambda: files.rmdir(snapshot),
        "remove it where it was taken": through_parent,
        "rename it": lambda: files.rename(snapshot, b"/.snap/other"),
        "take one": lambda: files.mkdir(b"/.snap/mine", 0o755),
        "overwrite a file in it": lambda: files.open(file, "r+", 0o640),
        "make a file in it": lambda: files.open(snapshot + b"/new", "w", 0o640),
        "shorten a file in it": lambda: files.truncate(file, 0),
        "delete a file in it": lambda: files.unlink(file),
        "move a file out of it": lambda: files.rename(file, b"/moved"),
        "change a file's mode in it": lambda: files.chmod(file, 0o777),
        "change an attribute in it": lambda: files.setxattr(file, b"user.x", b"1", 0),
        "have the manager remove it": lambda: mgr(
            prefix="fs subvolume snapshot rm", snap_name=facts["snapshot"]
        ),
        "have the manager remove the volume": lambda: mgr(prefix="fs subvolume rm", force=True),
        **{
            "remove snapshot %d of the pool" % number: lambda number=number: io()
            .remove_self_managed_snap(number)
            for number in range(1, 6)
        },
        "take one of the pool": lambda: io().create_self_managed_snap(),
        "remove one of the pool by name": lambda: io().remove_snap(facts["snapshot"]),
    }
    return tried(ways)


def beneath(pool, namespace):
    context = cluster().open_ioctx(pool)
    context.set_namespace(namespace)
    for one in context.list_objects():
        context.write(one.key, b"CHANGED", 0)
    return {}


if what == "fill":
    print(json.dumps(fill(rest[0], int(rest[1]))))
elif what == "objects":
    print(json.dumps(objects(*rest)))
elif what == "put":
    print(json.dumps(put(*rest)))
elif what == "get":
    print(json.dumps(get(*rest)))
elif what == "release":
    print(json.dumps(release(json.loads(rest[0]))))
elif what == "beneath":
    print(json.dumps(beneath(*rest)))
else:
    print(json.dumps(attack(json.loads(rest[0]))))
