"""What a tenant's client does with a block volume, and what it tries. Prints one JSON document.

ceph-tenant-disk.py CONF USER KEYRING write SPEC TEXT     encrypts and writes; passphrase on standard input
ceph-tenant-disk.py CONF USER KEYRING read SPEC BYTES     opens and reads; passphrase on standard input
ceph-tenant-disk.py CONF USER KEYRING raw SPEC BYTES      what lies in the image, as it is
ceph-tenant-disk.py CONF USER KEYRING grow SPEC BYTES     lets its own image grow
ceph-tenant-disk.py CONF USER KEYRING attack FACTS        tries ways into another tenant's data
"""

import base64
import errno
import json
import sys

import rados
import rbd

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
cluster = rados.Rados(conffile=conf, name="client." + user, conf=OPTIONS)
cluster.connect()


def io(pool, namespace):
    context = cluster.open_ioctx(pool)
    context.set_namespace(namespace)
    return context


def image(spec):
    pool, namespace, name = spec.split("/")
    return rbd.Image(io(pool, namespace), name)


def opened(spec):
    found = image(spec)
    found.encryption_load(rbd.RBD_ENCRYPTION_FORMAT_LUKS2, sys.stdin.readline().rstrip("\n"))
    return found


def on_disk(act, spec, argument):
    with image(spec) if act in ("raw", "grow") else opened(spec) as disk:
        if act == "write":
            disk.write(argument.encode(), disk.size() - 4096)
            return {"size": disk.size()}
        if act == "grow":
            disk.resize(int(argument))
            return {"size": disk.size()}
        start = 0 if act == "raw" else disk.size() - 4096
        data = disk.read(start, int(argument))
        return {"size": disk.size(), "data": base64.b64encode(data).decode()}


def attack(facts):
    """Each way gives what it reached, or raises."""
    pool, namespace, name, image_id = (facts[key] for key in ("pool", "namespace", "image", "id"))
    own_namespace = facts["own"]["namespace"]
    images = rbd.RBD()

    def theirs():
        return io(pool, namespace)

    def mine():
        return io(pool, own_namespace)

    def asked(ask, **command):
        ret, out, words = ask(json.dumps({**command, "format": "json"}), b"")
        if ret < 0:
            raise OSError(-ret, words)
        return out.decode()

    def names(context):
        found = [one.key for one in context.list_objects()]
        if not found:
            raise OSError(errno.ENOENT, "nothing is listed")
        return found

    def closed(disk):
        with disk:
            return disk.size()

    data = "rbd_data.%s.%016x" % (image_id, 0)
    header = "rbd_header." + image_id
    spec = "%s/%s/%s" % (pool, namespace, name)
    address = {"blocklistop": "add", "addr": "127.0.0.1:0/1"}
    ways = {
        "list the other's images": lambda: images.list(theirs()),
        "open the other's image": lambda: closed(rbd.Image(theirs(), name)),
        "open it by its id": lambda: closed(rbd.Image(theirs(), image_id=image_id)),
        "open it to read alone": lambda: closed(rbd.Image(theirs(), name, read_only=True)),
        "remove it": lambda: images.remove(theirs(), name),
        "rename it": lambda: images.rename(theirs(), name, "mine"),
        "move it into the trash": lambda: images.trash_move(theirs(), name),
        "list the other's trash": lambda: list(images.trash_list(theirs())),
        "restore from the other's trash": lambda: images.trash_restore(theirs(), image_id, "mine"),
        "clone it from its snapshot": lambda: images.clone(theirs(), name, "s", mine(), "mine"),
        "make an image beside it": lambda: images.create(theirs(), "more", 4 * 2**20),
        "list the default namespace": lambda: images.list(io(pool, "")),
        "make one in the default namespace": lambda: images.create(io(pool, ""), "more", 2**22),
        "list all namespaces": lambda: images.namespace_list(io(pool, "")),
        "make a namespace": lambda: images.namespace_create(io(pool, ""), "more"),
        "remove the other's namespace": lambda: images.namespace_remove(io(pool, ""), namespace),
        "read its content as an object": lambda: theirs().read(data),
        "overwrite its content": lambda: theirs().write_full(data, b"overwritten"),
        "remove its content": lambda: theirs().remove_object(data),
        "read its directory": lambda: theirs().read("rbd_directory"),
        "read its header": lambda: theirs().read(header),
        "ask its size of the class": lambda: theirs().execute(header, "rbd", "get_size", b"\0" * 8),
        "ask its metadata of the class": lambda: theirs().execute(
            header, "rbd", "metadata_list", b"\0" * 16
        ),
        "ask the trash of the class": lambda: theirs().execute(
            "rbd_trash", "rbd", "trash_list", b"\0" * 16
        ),
        "ask the children of all": lambda: theirs().execute(
            "rbd_children", "rbd", "get_children", b"\0" * 24
        ),
        "ask how it is mirrored": lambda: images.mirror_mode_get(io(pool, "")),
        "list objects of the other": lambda: names(theirs()),
        "list objects of all": lambda: [
            key for key in names(io(pool, ALL_NAMESPACES)) if image_id in key
        ]
        or names(io(pool, "nothing")),
        # Snapshots of objects have numbers that are the same for all namespaces of a pool.
        "remove a snapshot of the pool": lambda: mine().remove_self_managed_snap(1),
        "make a snapshot of the pool": lambda: mine().create_self_managed_snap(),
        "watch its header": lambda: theirs().watch(header, lambda *_: None),
        "set metadata of the pool": lambda: images.config_set(io(pool, ""), "rbd_cache", "false"),
        "shut the other's client out": lambda: asked(
            cluster.mon_command, prefix="osd blocklist", **address
        ),
        "read the other's key": lambda: asked(
            cluster.mon_command, prefix="auth get", entity=facts["entity"]
        ),
        "give itself more": lambda: asked(
            cluster.mon_command,
            prefix="auth caps",
            entity="client." + user,
            caps=["osd", "allow *"],
        ),
        "have the manager remove it": lambda: asked(
            cluster.mgr_command, prefix="rbd task add remove", image_spec=spec
        ),
        "ask the manager how it is used": lambda: asked(
            cluster.mgr_command, prefix="rbd perf image stats"
        ),
    }
    results = {}
    for way, act in ways.items():
        try:
            results[way] = {"done": str(act())[:300]}
        except Exception as error:  # each library has kinds of its own
            number = getattr(error, "errno", None) or 0
            results[way] = {"refused": errno.errorcode.get(abs(number), str(error)[:300])}
    return results


print(json.dumps(attack(json.loads(rest[0])) if what == "attack" else on_disk(what, *rest)))
