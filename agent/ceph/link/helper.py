#!/usr/bin/python3 -I
"""Speaks with a Ceph cluster for the DsecOS agent, over one connection.

Reads one JSON document per line from standard input:
    {"id": 1, "to": "mon" | "mgr" | 3, "command": {"prefix": "status", "format": "json"}}
    {"id": 2, "to": "mon.a", "command": …}     asks that one monitor for what it alone knows
    {"id": 3, "to": "mirrors", "command": {"pools": ["block"]}}      what `mirrors` below tells
    {"id": 4, "to": "images", "command": {"prefix": "look", …}}      one of IMAGE_ACTS below
    {"id": 5, "to": "helper"}                  only asks whether this process still answers
and writes, in any order, a line of JSON and after it as many bytes of the answer as it says:
    {"id": 1, "ret": 0, "words": "", "bytes": 42}
where ret is 0 or a negative error number. What is told unasked has the id 0:
    {"id": 0, "event": "connected", "fsid": "...", "bytes": 0}
    {"id": 0, "event": "refused", "ret": -13, "words": "...", "bytes": 0}
    {"id": 0, "event": "missing", "words": "...", "bytes": 0}
and it ends after one of the last two, and with its standard input. Every command has a thread of its
own, so that one that hangs holds up no other. Commands to OSDs are bounded in time by librados. Those to
monitors and managers are given up here: librados (16 to 19, RadosClient::mgr_command) gives one to a
manager up by leaving the function whose variables the answer is written to when it comes after all,
which ended this process whenever a manager that had hung went on.
"""

import argparse
import errno
import json
import os
import queue
import subprocess
import sys
import threading
import time

MOST_AT_ONCE = 32
# Of these, those that a manager may leave open.
MOST_TO_MANAGER = 12
WORDS_BYTES = 2000
# The agent waits for 5 s.
MIRROR_SECONDS = 3
CRYPTSETUP = "/usr/sbin/cryptsetup"
CRYPTSETUP_SECONDS = 30
# Where the disk begins behind its LUKS2 header, and how much of that has something in it: two copies
# of what describes it, and room for keys. Less than an object, so that it is written in one.
LUKS_OFFSET = 16 * 2**20
LUKS_WRITTEN = 2**20
# Of an image without an object map OSDs are asked for each object: so much at a time, and so long.
COUNTED_AT_ONCE = 16 * 2**30
COUNT_SECONDS = 15
# Names of a pool's objects are listed for so long; a few of those that belong to nothing are told.
LIST_SECONDS = 30
MOST_LOOSE = 20
# What RBD keeps of a namespace itself.
OWN_OBJECTS = ("rbd_directory", "rbd_info", "rbd_children", "rbd_trash", "rbd_mirroring")

out_lock = threading.Lock()
cluster = None
slots = threading.Semaphore(MOST_AT_ONCE)
manager_slots = threading.Semaphore(MOST_TO_MANAGER)
# Ids of questions that nothing was answered to yet.
untold = set()
untold_lock = threading.Lock()
# When to give up, and on which id, the soonest first.
given_up = queue.SimpleQueue()


def say(header, payload=b""):
    line = json.dumps({**header, "bytes": len(payload)}).encode() + b"\n"
    with out_lock:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()


def tell(number, header, payload=b""):
    """Answers a question once: what comes when it was given up is for nobody."""
    with untold_lock:
        if number not in untold:
            return
        untold.remove(number)
    say({"id": number, **header}, payload)


def give_up():
    while True:
        ends, number = given_up.get()
        time.sleep(max(0, ends - time.monotonic()))
        tell(number, {"ret": -errno.ETIMEDOUT, "words": "no answer in time"})


def connect(options):
    """Tries once. librados was seen to corrupt its memory when a handle that failed to connect is
    shut down, so that such a process ends, and the agent begins another."""
    global cluster
    try:
        handle = rados.Rados(
            conffile=options.conf,
            name=options.user,
            conf={
                "keyring": options.keyring,
                "client_mount_timeout": str(options.connect_seconds),
                # Never: see above.
                "rados_mon_op_timeout": "0",
                "rados_osd_op_timeout": str(options.seconds),
                # Of a daemon's settings in the same file a client shall have none.
                "log_file": "",
                "log_to_stderr": "false",
                "err_to_stderr": "false",
                "admin_socket": "",
                "pid_file": "",
            },
        )
        handle.connect()
        fsid = handle.get_fsid()
    except Exception as error:  # rados.Error and what its binding makes of a bad file
        number = getattr(error, "errno", None) or errno.EIO
        words = str(error)[:WORDS_BYTES]
        say({"id": 0, "event": "refused", "ret": -abs(number), "words": words})
        os._exit(0)
    cluster = handle
    say({"id": 0, "event": "connected", "fsid": fsid})


def ask(to, command):
    if cluster is None:
        return -errno.ENOTCONN, b"", "not connected"
    text = json.dumps(command)
    try:
        if to == "mon":
            return cluster.mon_command(text, b"")
        if to == "mgr":
            return cluster.mgr_command(text, b"")
        if to == "mirrors":
            return mirrors(command["pools"])
        if to == "images":
            return images(command)
        if isinstance(to, str) and to.startswith("mon."):
            return cluster.mon_command(text, b"", target=to[4:])
        return cluster.osd_command(int(to), text, b"")
    except Exception as error:
        return -abs(getattr(error, "errno", None) or errno.EIO), b"", str(error)


def mirrors(pools):
    """Whether images of pools are mirrored, and with whom: {"pool", "mode", "namespaces": {name: mode},
    "peers": [site]} of each, where mode is RBD's number, or {"pool", "error", "words"}. Those for which
    there was no time are left out."""
    try:
        import rbd
    except ImportError as error:
        return -errno.ENOPKG, b"", str(error)
    images = rbd.RBD()
    ends = time.monotonic() + MIRROR_SECONDS
    found = []
    for pool in pools:
        if time.monotonic() > ends:
            break
        try:
            with cluster.open_ioctx(pool) as io:
                mode = images.mirror_mode_get(io)
                peers = [peer["site_name"] for peer in images.mirror_peer_list(io)]
                namespaces = {}
                for name in images.namespace_list(io):
                    io.set_namespace(name)
                    namespaces[name] = images.mirror_mode_get(io)
            found.append({"pool": pool, "mode": mode, "namespaces": namespaces, "peers": peers})
        except Exception as error:  # of rados and of rbd, which have no base of their own in common
            number = abs(getattr(error, "errno", None) or errno.EIO)
            found.append({"pool": pool, "error": number, "words": str(error)[:WORDS_BYTES]})
    return 0, json.dumps(found).encode(), ""


def images(command):
    """Acts on images in one namespace of a pool: {"prefix": act, "pool", "namespace", "image", …}."""
    global rbd
    try:
        import rbd
    except ImportError as error:
        return -errno.ENOPKG, b"", "python3-rbd is not installed on this node (%s)" % error
    with cluster.open_ioctx(command["pool"]) as io:
        found = IMAGE_ACTS[command["prefix"]](io, command)
    return 0, json.dumps(found).encode(), ""


def list_images(io, _command):
    """{namespace: [image]} of all of the pool's."""
    found = {}
    for namespace in rbd.RBD().namespace_list(io):
        io.set_namespace(namespace)
        found[namespace] = rbd.RBD().list(io)
    return found


def look_at_image(io, command):
    """{"size"} in bytes, with its header."""
    io.set_namespace(command["namespace"])
    with rbd.Image(io, command["image"], read_only=True) as image:
        return {"size": image.size()}


def make_image(io, command):
    """Makes what is missing of the namespace, the image of `size` bytes and its header, and opens it with
    the passphrase. An image that has anything else at its beginning is left as it is. What is told is
    {"size", "opens"}: bytes with the header, and whether the passphrase opens it."""
    namespace, name, size = command["namespace"], command["image"], command["size"]
    passphrase = command["passphrase"]
    tolerate(errno.EEXIST, lambda: rbd.RBD().namespace_create(io, namespace))
    io.set_namespace(namespace)
    # No exclusive lock: to take one over, clients would have to be able to shut others out.
    features = rbd.RBD_FEATURE_LAYERING
    whole = size + LUKS_OFFSET
    tolerate(errno.EEXIST, lambda: rbd.RBD().create(io, name, whole, None, False, features))
    with rbd.Image(io, name) as image:
        if not any(image.read(0, LUKS_WRITTEN)):
            image.write(luks_header(passphrase), 0)
            image.flush()
    with rbd.Image(io, name) as image:
        found = image.size()
        try:
            image.encryption_load(rbd.RBD_ENCRYPTION_FORMAT_LUKS2, passphrase)
        except Exception as error:
            if getattr(error, "errno", None) not in (errno.EPERM, errno.EINVAL):
                raise
            return {"size": found, "opens": False}
    return {"size": found, "opens": True}


def luks_header(passphrase):
    """A new LUKS2 header. librbd would make one too, whose key derivation takes seconds and up to a GiB of
    memory, here and wherever it is opened; it protects weak passphrases, and this one is a random key."""
    memory = os.memfd_create("luks")
    try:
        os.ftruncate(memory, LUKS_OFFSET + LUKS_WRITTEN)
        subprocess.run(
            [CRYPTSETUP, "luksFormat", "--batch-mode", "--disable-locks", "--type", "luks2"]
            + ["--cipher", "aes-xts-plain64", "--key-size", "512", "--sector-size", "4096"]
            + ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]
            + ["--offset", str(LUKS_OFFSET // 512), "--key-file", "-", "/proc/self/fd/%d" % memory],
            input=passphrase.encode(),
            pass_fds=[memory],
            capture_output=True,
            timeout=CRYPTSETUP_SECONDS,
            check=True,
        )
        return os.pread(memory, LUKS_WRITTEN, 0)
    except FileNotFoundError:
        raise OSError(errno.ENOPKG, "cryptsetup is not installed on this node") from None
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace")
        raise OSError(errno.EIO, "cryptsetup made no header: " + (said or "no answer")) from None
    finally:
        os.close(memory)


def grow_image(io, command):
    """To `size` bytes with the header; never less than it has."""
    io.set_namespace(command["namespace"])
    with rbd.Image(io, command["image"]) as image:
        image.resize(command["size"], allow_shrink=False)
        return {"size": image.size()}


def count_image(io, command):
    """Counts what of an image has been written behind its header, as `rbd disk-usage` does: {"used",
    "next"} in bytes, from the place `from` to `next`, which is null where that is the end."""
    io.set_namespace(command["namespace"])
    ends = time.monotonic() + COUNT_SECONDS
    found = []
    with rbd.Image(io, command["image"], read_only=True) as image:
        size = image.size()
        at = max(LUKS_OFFSET, command["from"])
        while at < size and time.monotonic() < ends:
            step = min(COUNTED_AT_ONCE, size - at)
            count = lambda _at, length, exists: found.append(length if exists else 0)
            image.diff_iterate(at, step, None, count, include_parent=False, whole_object=True)
            at += step
    return {"used": sum(found), "next": at if at < size else None}


def find_loose(io, _command):
    """Objects in namespaces of the pool that belong to no image: {"loose": [{"namespace", "name"}],
    "isWhole"}, the latter where there was time for all of the pool. Those of the namespace without a
    name are the pool's own."""
    ends = time.monotonic() + LIST_SECONDS
    is_whole = True
    # By namespace and what they belong to, one of them: images are looked up afterwards, so that one
    # that is made meanwhile is known.
    seen = {}
    io.set_namespace(rados.LIBRADOS_ALL_NSPACES)
    for one in io.list_objects():
        if one.nspace and one.key not in OWN_OBJECTS:
            seen.setdefault(one.nspace, {}).setdefault(owner_of(one.key), one.key)
        if time.monotonic() > ends:
            is_whole = False
            break
    loose = []
    for namespace, owners in seen.items():
        io.set_namespace(namespace)
        known = {(kind, one[kind]) for one in rbd.RBD().list2(io) for kind in ("id", "name")}
        known |= {("id", one["id"]) for one in rbd.RBD().trash_list(io)}
        names = [name for owner, name in owners.items() if owner not in known]
        # What is being removed is gone by now.
        loose += [{"namespace": namespace, "name": name} for name in names if is_there(io, name)]
    return {"loose": loose[:MOST_LOOSE], "isWhole": is_whole}


def owner_of(name):
    """Which image an object belongs to by its name: ("id" or "name", that)."""
    kind, _dot, rest = name.partition(".")
    if kind == "rbd_id":
        return "name", rest
    if kind in ("rbd_header", "rbd_data", "rbd_object_map"):
        return "id", rest.partition(".")[0]
    return "object", name


def is_there(io, name):
    try:
        io.stat(name)
        return True
    except rados.ObjectNotFound:
        return False


def clear_images(io, command):
    """Takes snapshots of all images away, and the namespace once it is empty. Tells {"images": [name],
    "trash": [id]} that are left; where there is no namespace, none are."""
    namespace = command["namespace"]
    if not rbd.RBD().namespace_exists(io, namespace):
        return {"images": [], "trash": []}
    io.set_namespace(namespace)
    left = {"images": rbd.RBD().list(io), "trash": [one["id"] for one in rbd.RBD().trash_list(io)]}
    for name in left["images"]:
        # The manager may be removing it.
        tolerate(errno.ENOENT, lambda name=name: remove_snapshots(io, name))
    if not left["images"] and not left["trash"]:
        io.set_namespace("")
        tolerate(errno.ENOENT, lambda: rbd.RBD().namespace_remove(io, namespace))
    return left


def remove_snapshots(io, name):
    with rbd.Image(io, name) as image:
        for snapshot in list(image.list_snaps()):
            if image.is_protected_snap(snapshot["name"]):
                image.unprotect_snap(snapshot["name"])
            image.remove_snap(snapshot["name"])


def tolerate(number, act):
    try:
        act()
    except Exception as error:  # of rbd, whose errors have no number in their names
        if abs(getattr(error, "errno", None) or 0) != number:
            raise


IMAGE_ACTS = {
    "list": list_images,
    "look": look_at_image,
    "make": make_image,
    "grow": grow_image,
    "clear": clear_images,
    "count": count_image,
    "loose": find_loose,
}


def without_keys(payload):
    """Of everybody's keys only whose they are and what for leaves this process: what the agent does
    not have, it cannot tell anybody, log or record."""
    try:
        kept = [
            {"entity": str(one["entity"]), "caps": {str(k): str(v) for k, v in one["caps"].items()}}
            for one in json.loads(payload)["auth_dump"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return -errno.EPROTO, b"", "the answer is of another form than is known"
    return 0, json.dumps({"auth_dump": kept}).encode(), ""


def answer(request, most_bytes):
    try:
        ret, payload, words = ask(request["to"], request["command"])
        if isinstance(payload, str):
            payload = payload.encode()
        payload = payload or b""
        if request["command"].get("prefix") == "auth ls" and ret == 0:
            ret, payload, words = without_keys(payload)
        if len(payload) > most_bytes:
            ret, payload, words = -errno.EFBIG, b"", "%d bytes" % len(payload)
        if isinstance(words, bytes):
            words = words.decode(errors="replace")
        tell(request["id"], {"ret": ret, "words": (words or "")[:WORDS_BYTES]}, payload)
    finally:
        if request["to"] == "mgr":
            manager_slots.release()
        slots.release()


def take_slots(to):
    """Held until librados is done, however long ago it was given up."""
    if to == "mgr" and not manager_slots.acquire(blocking=False):
        return -errno.ETIMEDOUT, "the manager has not answered what it was asked before"
    if not slots.acquire(blocking=False):
        if to == "mgr":
            manager_slots.release()
        return -errno.EBUSY, "too many at once"
    return 0, ""


def take(request, options):
    number, to = request["id"], request["to"]
    ret, words = (0, "") if to == "helper" else take_slots(to)
    if to == "helper" or ret != 0:
        say({"id": number, "ret": ret, "words": words})
        return
    with untold_lock:
        untold.add(number)
    if isinstance(to, str) and to.startswith(("mon", "mgr")):
        given_up.put((time.monotonic() + options.seconds, number))
    threading.Thread(target=answer, args=(request, options.most_bytes), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--conf", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--keyring", required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--connect-seconds", type=int, required=True)
    parser.add_argument("--most-bytes", type=int, required=True)
    options = parser.parse_args()
    threading.Thread(target=connect, args=(options,), daemon=True).start()
    threading.Thread(target=give_up, daemon=True).start()
    for line in sys.stdin.buffer:
        take(json.loads(line), options)


try:
    import rados
except ImportError as error:
    say({"id": 0, "event": "missing", "words": str(error)})
else:
    try:
        main()
    except BrokenPipeError:
        pass  # nobody hears any more: the agent ended
# Threads that hang in librados do not hold the end up.
os._exit(0)
