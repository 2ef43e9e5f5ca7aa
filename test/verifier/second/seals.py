"""Checkpoints: who signed them, and whether they fit each other and the log."""

import json
import re

from .canonical import is_index, is_time, read_object
from .findings import Bad
from .notes import COSIGNATURE, LOG, Checkpoint, Key

DAY = re.compile(r"seals/([0-9]{4}-[0-9]{2}-[0-9]{2}|seals)\.jsonl")


class Seal:
    def __init__(self, where, note, chain=None, tpm=None):
        self.where, self.note, self.chain, self.tpm = where, note, chain, tpm
        self.signed = False


def lines(data):
    """The lines of a file, each with its end."""
    if data and not data.endswith(b"\n"):
        raise Bad("a last line without its end")
    return data.split(b"\n")[:-1]


def read_seals(files, in_use, findings):
    seals = []
    names = [name for name in files.names if DAY.fullmatch(name)]
    for name in names:
        *found, rest = files.read(name).split(b"\n")
        if rest:
            severity = "W" if in_use and name == names[-1] else "E"
            findings.add("checkpoint.form", f"{name} end", "an unfinished line", severity)
        for number, line in enumerate(found, 1):
            where = f"{name} line {number}"
            try:
                seals.append(_read_seal(where, line))
            except Bad as error:
                findings.add("checkpoint.form", where, str(error))
    if "checkpoint" in files.names:
        try:
            seals.append(Seal("checkpoint", Checkpoint(files.read("checkpoint"))))
        except Bad as error:
            findings.add("checkpoint.form", "checkpoint", str(error))
    return seals


def _read_seal(where, line):
    seal = read_object(line)
    if not {"chain", "checkpoint", "time"} <= set(seal) <= {"chain", "checkpoint", "time", "tpm"}:
        raise Bad("a seal with other members")
    if not isinstance(seal["checkpoint"], str) or not is_time(seal["time"]):
        raise Bad("a seal without checkpoint or time")
    if not isinstance(seal["chain"], str) or not re.fullmatch("[0-9a-f]{128}", seal["chain"]):
        raise Bad("a seal without a chain value")
    note = Checkpoint(seal["checkpoint"].encode())
    return Seal(where, note, bytes.fromhex(seal["chain"]), seal.get("tpm"))


class Keys:
    """The log's keys, in the order of their use."""

    def __init__(self, files, given, findings):
        self.origin, self.keys = None, []
        try:
            there = "log.json" in files.names
            # Without keys no signature is valid, which is told of each checkpoint.
            told = json.loads(files.read("log.json")) if there else {"keys": [], "origin": None}
            self.origin = told["origin"]
            for key in told["keys"]:
                self.keys.append((int(key["from"]), Key(key["vkey"])))
            starts = [start for start, _ in self.keys]
            if (self.keys and starts[0] != 0) or starts != sorted(set(starts)):
                raise Bad("keys without an order")
            if any(key.name != self.origin or key.kind != LOG for _, key in self.keys):
                raise Bad("a key of another log")
        except (Bad, ValueError, KeyError, TypeError) as error:
            findings.add("checkpoint.form", "log.json", f"cannot be used: {error!r}")
            self.keys = []
        if not given:
            text = "the log's key was taken from the log itself"
            findings.add("key.unknown", "log.json", text)
        elif not all(text in [key.text for _, key in self.keys] for text in given):
            findings.add("checkpoint.signature", "log.json", "the log has another key")

    def of(self, size):
        """The key that signs a checkpoint."""
        fit = [key for start, key in self.keys if start < size or start == 0]
        return fit[-1] if fit else None

    def check_changes(self, log, findings):
        for start, key in self.keys[1:]:
            event = log.payloads.get(start)
            if event is None:
                if start >= log.size:
                    findings.add("checkpoint.signature", "log.json", "a key from beyond the log")
                continue  # removed, or told already to be unreadable
            details = event.get("details")
            told = details.get("vkey") if isinstance(details, dict) else None
            if event.get("action") != "audit.KeyChanged" or told != key.text:
                text = f"no event at {start} tells of the change of the key"
                findings.add("checkpoint.signature", "log.json", text)


def read_witnesses(files, given, findings):
    """Keys of witnesses, those of the log itself and those that the person gave."""
    found = list(given)
    if "witnesses" in files.names:
        try:
            found += [line.decode() for line in lines(files.read("witnesses")) if line]
        except (Bad, UnicodeDecodeError):
            findings.add("witness.signature", "witnesses", "it cannot be read")
    keys = {}
    for text in found:
        try:
            key = Key(text)
            if key.kind != COSIGNATURE:
                raise Bad("not a witness's key")
            keys[text] = key
        except Bad as error:
            findings.add("witness.signature", "witnesses", f"{text}: {error}")
    return list(keys.values())


def check_signatures(seals, keys, witnesses, findings):
    cosigned = False
    for seal in seals:
        key = keys.of(seal.note.size)
        named = seal.note.origin == keys.origin
        seal.signed = key is not None and named and seal.note.is_signed(key)
        if not seal.signed:
            text = "no valid signature of the log's key"
            findings.add("checkpoint.signature", seal.where, text)
        for witness in witnesses:
            answers = seal.note.cosignatures(witness)
            cosigned = cosigned or any(answers)
            if not all(answers):
                findings.add("witness.signature", seal.where, f"not by {witness.name}")
    if seals and not cosigned:
        findings.add("witness.none", "seals", "no cosignature of a known witness")


def check_order(seals, findings):
    """Gives the first seal of each size, and the largest size."""
    firsts, largest = {}, -1
    for seal in seals:
        size = seal.note.size
        first = firsts.get(size)
        if first.note.root != seal.note.root if first else size < largest:
            findings.add("checkpoint.order", seal.where, f"size {size} after {largest}")
        firsts.setdefault(size, seal)
        largest = max(largest, size)
    return list(firsts.values()), largest


def check_log(seals, log, findings):
    """Compares checkpoints that the log's key signed with what the events give."""
    if not seals:
        findings.add("checkpoint.none", "seals", "no checkpoint at all")
    firsts, largest = check_order([seal for seal in seals if seal.signed], findings)
    told = set()
    for seal in firsts:
        for code, text in _compare(seal, log):
            if code not in told:
                findings.add(code, seal.where, text)
            told.add(code)
    if firsts and largest < log.size:
        text = f"{log.size - largest} events are under no signature yet"
        findings.add("checkpoint.tail", "seals", text)


def _compare(seal, log):
    size = seal.note.size
    if size > log.size:
        return [("checkpoint.ahead", f"{size} events are signed, and there are {log.size}")]
    found = []
    root = log.root_at(size)
    if root != seal.note.root and not (root is None and log.is_past(size)):
        found.append(("tree.root", f"another root at {size}"))
    chain = log.chains.get(size)
    if None not in (seal.chain, chain) and chain != seal.chain:
        found.append(("checkpoint.chain", f"another chain value at {size}"))
    return found


def check_outside(data, keys, witnesses, fits, findings):
    """Whether a checkpoint that somebody kept elsewhere fits this log."""
    where = "given checkpoint"
    try:
        note = Checkpoint(data)
    except Bad as error:
        findings.add("checkpoint.form", where, str(error))
        return
    key = keys.of(note.size)
    signed = bool(key) and note.is_signed(key)
    cosigned = [answer for witness in witnesses for answer in note.cosignatures(witness)]
    if not all(cosigned) or not (signed or cosigned):
        findings.add("checkpoint.signature", where, "nobody known signed it")
    elif note.origin != keys.origin or not fits(note):
        findings.add("witness.fork", where, f"it tells of another log at {note.size}")


def read_index(value):
    if not is_index(value):
        raise Bad("no index")
    return int(value)
