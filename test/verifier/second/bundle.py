"""Manifest, and the events that a disclosed bundle shows."""

import re
from hashlib import sha256

from . import merkle
from .canonical import is_index, is_time, read_object
from .findings import Bad
from .notes import Note, unbase64
from .seals import lines, read_index

FIRST_LINE = "dsecos.org/audit-bundle/v1"


def read_manifest(files, keys, findings):
    """Checks the files against the manifest and gives it, or None when it cannot be read."""
    try:
        if "manifest" not in files.names:
            raise Bad("it is missing")
        note = Note(files.read("manifest"))
        parts = note.text.split("\n")
        if len(parts) != 3 or parts[0] != FIRST_LINE:
            raise Bad("not of this version")
        told = read_object(parts[1].encode())
        named = {"files", "form", "made", "first", "end"}
        if not named <= set(told) <= named | {"tenant"} or not is_time(told["made"]):
            raise Bad("other members")
        if told["form"] not in ("whole", "disclosed") or not isinstance(told["files"], dict):
            raise Bad("another form")
        if not is_index(told["first"]) or not is_index(told["end"]):
            raise Bad("no period")
        if not isinstance(told.get("tenant", ""), str):
            raise Bad("no tenant")
        hashes = told["files"].values()
        if not all(isinstance(one, str) and re.fullmatch("[0-9a-f]{64}", one) for one in hashes):
            raise Bad("no hashes")
    except Bad as error:
        findings.add("manifest.form", "manifest", str(error))
        return None
    if not any(note.is_signed(key) for _, key in keys.keys):
        findings.add("manifest.signature", "manifest", "the log's key did not sign it")
    present = {name for name in files.names if name != "manifest"}
    for name in sorted(present ^ set(told["files"])):
        findings.add("manifest.file", name, "missing" if name not in present else "not listed")
    for name in sorted(present & set(told["files"])):
        if sha256(files.read(name)).hexdigest() != told["files"][name]:
            findings.add("manifest.file", name, "not the file that is listed")
    return told


def check_disclosed(files, seals, findings):
    """Checks what is shown against `checkpoint`; gives roots that are shown to be of this log."""
    anchors = [seal.note for seal in seals if seal.where == "checkpoint"]
    if not anchors:
        findings.add("checkpoint.none", "checkpoint", "nothing to prove against", "E")
        return {}
    anchor = anchors[0]
    last = -1
    for where, line in _lines(files, "disclosed.jsonl", findings):
        try:
            index = _check_event(where, line, anchor, findings)
            if index <= last:
                raise Bad("an event out of order")
            last = index
        except Bad as error:
            findings.add("manifest.form", where, str(error))
    proofs = {}
    for where, line in _lines(files, "consistency.jsonl", findings):
        try:
            told = read_object(line)
            if set(told) != {"from", "proof"}:
                raise Bad("other members")
            size = read_index(told["from"])
            if size <= max(proofs, default=-1):
                raise Bad("a proof out of order")
            proofs[size] = _hashes(told["proof"])
        except Bad as error:
            findings.add("manifest.form", where, str(error))
    roots = {anchor.size: anchor.root}
    for seal in seals:
        note = seal.note
        if note.size > anchor.size:
            findings.add("checkpoint.order", seal.where, "larger than what all is proved against")
            continue
        proof = proofs.get(note.size, [] if note.size in (0, anchor.size) else None)
        empty = note.size == 0 and note.root != merkle.root([])
        if empty or proof is None or not merkle.is_consistent(
            note.size, note.root, anchor.size, anchor.root, proof
        ):
            findings.add("proof.consistency", seal.where, f"nothing leads from size {note.size}")
        else:
            roots[note.size] = note.root
    return roots


def _lines(files, name, findings):
    try:
        if name not in files.names:
            raise Bad("it is missing")
        found = lines(files.read(name))
    except Bad as error:
        findings.add("manifest.form", name, str(error))
        return []
    return [(f"{name} line {number}", line) for number, line in enumerate(found, 1)]


def _hashes(told):
    if not isinstance(told, list):
        raise Bad("no proof")
    hashes = [unbase64(one) for one in told]
    if any(len(one) != 32 for one in hashes):
        raise Bad("a hash of another length")
    return hashes


def _check_event(where, line, anchor, findings):
    told = read_object(line)
    proof, index = _hashes(told.get("proof")), read_index(told.get("index"))
    if set(told) == {"entry", "index", "proof"}:
        entry = unbase64(told["entry"])
        leaf, right = merkle.leaf(entry), _is_event(entry)
    elif set(told) == {"event", "index", "leaf", "proof"}:
        leaf, event = unbase64(told["leaf"]), told["event"]
        right = isinstance(event, dict) and is_time(event.get("time"))
    else:
        raise Bad("other members")
    if merkle.root_of_inclusion(index, anchor.size, leaf, proof) != anchor.root:
        findings.add("proof.inclusion", where, f"nothing leads from event {index} to the root")
    elif not right:
        findings.add("entry.form", where, "no event")
    return index


def _is_event(entry):
    try:
        return 82 <= len(entry) <= 65535 and is_time(read_object(entry[:-80]).get("time"))
    except Bad:
        return False
