#!/usr/bin/python3 -I
"""Stands in the place of the agent's helper for Ceph (agent/ceph/link/helper.py), over the same frames:
answers from files beside the configuration, which a real cluster printed or which were made like that.
Only subvolumes and keys are kept, in memory, so that volumes can be declared; the pools they want are to
be in the files. Told on its standard error is nothing.

A file's name is who is asked and the command with its choices, percent-encoded: "mon%20osd%20dump".
"""

import argparse
import errno
import json
import os
import sys
import threading
from urllib.parse import quote

out_lock = threading.Lock()
subvolumes = {}
keys = {}
asked = 0


def say(header, payload=b""):
    line = json.dumps({**header, "bytes": len(payload)}).encode() + b"\n"
    with out_lock:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()


def subvolume(prefix, command):
    group = command["group_name"] if "group_name" in command else ""
    of = subvolumes.setdefault(group, {})
    name = command.get("sub_name")
    if prefix == "fs subvolume ls":
        return 0, [{"name": one} for one in of]
    if prefix == "fs subvolume create":
        of.setdefault(name, {"size": command["size"], "pool": command["pool_layout"]})
        return 0, None
    if name not in of:
        return -errno.ENOENT, None
    if prefix == "fs subvolume resize":
        of[name]["size"] = int(command["new_size"])
        return 0, None
    if prefix == "fs subvolume rm":
        del of[name]
        return 0, None
    return 0, {
        "path": "/volumes/%s/%s/0" % (group, name),
        "bytes_quota": of[name]["size"],
        "bytes_used": 0,
        "data_pool": of[name]["pool"],
        "pool_namespace": "fsvolumens_" + name,
        "state": "complete",
    }


def auth(prefix, command):
    entity = command["entity"]
    if prefix in ("auth get-or-create", "auth caps"):
        given = command["caps"]
        keys[entity] = dict(zip(given[::2], given[1::2]))
    elif prefix == "auth rm":
        keys.pop(entity, None)
    elif entity not in keys:
        return -errno.ENOENT, None
    return 0, [{"entity": entity, "key": "", "caps": keys.get(entity, {})}]


def changed():
    global asked
    asked += 1
    return b" " * (asked % 1000)


def answer(directory, request):
    """JSON that was not looked at, or what is to become JSON."""
    to, command = request["to"], request["command"]
    if to == "mirrors":
        each = {"mode": 0, "namespaces": {}, "peers": []}
        return 0, [{"pool": pool, **each} for pool in command["pools"]]
    prefix = command["prefix"]
    if prefix == "fs subvolumegroup ls":
        return 0, [{"name": group} for group in subvolumes]
    if prefix.startswith("fs subvolumegroup "):
        return 0, None
    if prefix.startswith("fs subvolume "):
        return subvolume(prefix, command)
    if prefix.startswith("auth ") and "entity" in command:
        return auth(prefix, command)
    choices = []
    for name in ("detail", "dumpcontents"):
        value = command.get(name, [])
        choices += value if isinstance(value, list) else [value]
    who = "osd" if isinstance(to, int) else to
    path = os.path.join(directory, quote(" ".join([who, prefix, *choices]), safe=""))
    try:
        with open(path, "rb") as file:
            # Of a cluster at work use and latency are others every time.
            return 0, file.read() + (changed() if prefix in ("osd df", "osd perf") else b"")
    except FileNotFoundError:
        return -errno.EINVAL, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--conf", required=True)
    options, _others = parser.parse_known_args()
    directory = os.path.join(os.path.dirname(options.conf), "answers")
    with open(os.path.join(directory, quote("mon osd dump", safe="")), "rb") as file:
        say({"id": 0, "event": "connected", "fsid": json.load(file)["fsid"]})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request["to"] == "helper":
            say({"id": request["id"], "ret": 0, "words": ""})
            continue
        ret, found = answer(directory, request)
        payload = found if isinstance(found, bytes) else json.dumps(found).encode()
        words = "" if ret == 0 else "nobody recorded that"
        say({"id": request["id"], "ret": ret, "words": words}, payload if ret == 0 else b"")


main()
