"""Chain and tree, made again from all segments."""

import re
import struct
import zlib
from datetime import datetime, timedelta
from hashlib import sha3_512, shake_256

from . import merkle
from .canonical import is_index, is_time, read_object
from .findings import Bad
from .frames import BUNDLE, SEGMENT, frames_of_block, next_frame, open_frame

ZERO = bytes(64)
NAME = re.compile(r"log/([0-9]{20})\.(seg|segz|gone)")
STATES = ("seg", "segz", "gone")


class Log:
    """
    What the segments hold. `first` and `size` bound the events; removed ones lie before. `wanted`
    are sizes whose chain value is kept in `chains`, `shown` indexes whose `payloads` are.
    """

    def __init__(self, files, findings, in_use, wanted, shown):
        self._findings, self._in_use = findings, in_use
        self._wanted, self._shown = wanted, shown
        self.first, self.size = None, 0
        self.leaves = {}  # of each bundle: by the place in it
        self.roots = {}  # of whole bundles
        self.chains, self.payloads = {0: ZERO}, {}
        self.retentions, self.tombstones = [], []
        self.removed, self.closed = set(), set()  # bundles
        self.before = 0  # bundles that a whole bundle leaves out
        # Possible values of the chain here, the likelier first; none where it is not known.
        self._chains = [ZERO]
        self._faulty = False  # what came before in this file did not fit
        self._time, self._salts = 0, (None, b"")
        self._read_all(files)
        self._check_tombstones()

    def _bad(self, code, where, text, severity=None):
        self._findings.add(code, where, text, severity)

    def _read_all(self, files):
        found = {}
        for name in files.names:
            match = NAME.fullmatch(name)
            if match and int(match[1]) % BUNDLE:
                self._bad("structure.segment", name, "no name of a segment")
            elif match:
                first, state = int(match[1]), STATES.index(match[2])
                found[first] = max(found.get(first, (0, "")), (state, name))
        lost = not self._in_use  # a bundle may begin anywhere
        for first, (state, name) in sorted(found.items()):
            if lost:
                self._chains = []
            elif first != self.size:
                text = f"begins at {first}, and the one before ends at {self.size}"
                self._bad("structure.gap", name, text)
                self._chains = []
            if self.first is None and STATES[state] != "gone":
                self.first = first
            self.size, self._faulty, lost = first, False, False
            data = files.read(name)
            try:
                if STATES[state] == "gone":
                    self._tombstone(name, data, first)
                elif STATES[state] == "seg":
                    self._open(name, data, first, first == max(found))
                else:
                    self._closed(name, data, first)
            except Bad as error:
                self._bad("structure.segment", name, str(error))
                lost = True
        if self.first is None:
            self.first = self.size
        if not self._in_use and found:
            self.before = min(found) // BUNDLE

    def _begin(self, where, stored, linked):
        """Compares the chain value that a file begins with, and goes on behind the header."""
        if not self._chains and self.size == 0:
            self._chains = [ZERO]
        if self._chains and stored not in self._chains:
            self._bad("chain.link", where, "it begins with another chain value")
            self._faulty = True
        values = [stored] + [one for one in self._chains if one != stored]
        if not self._faulty:
            values = [stored]
        self._keep(values[0])
        self._chains = [sha3_512(linked + one).digest() if linked else one for one in values]

    def _keep(self, chain):
        if self.size in self._wanted:
            self.chains.setdefault(self.size, chain)

    def _tombstone(self, name, data, first):
        stone = read_object(data)
        names = ["chainAfter", "chainBefore", "count", "days", "first", "firstTime", "lastTime"]
        if sorted(stone) != names or stone["first"] != first or not is_index(stone["count"]):
            raise Bad("no tombstone of this segment")
        if not all(is_time(stone[key]) for key in ("firstTime", "lastTime")):
            raise Bad("a tombstone without times")
        count = int(stone["count"])
        if count == 0 or count % BUNDLE or first // SEGMENT != (first + count - 1) // SEGMENT:
            raise Bad("a tombstone of no whole segment")
        values = [stone["chainBefore"], stone["chainAfter"]]
        if not all(isinstance(one, str) and re.fullmatch("[0-9a-f]{128}", one) for one in values):
            raise Bad("a tombstone without chain values")
        before, after = map(bytes.fromhex, values)
        self._begin(name, before, b"")
        self.tombstones.append((name, stone))
        self.removed.update(range(first // BUNDLE, (first + count) // BUNDLE))
        self.size, self._chains = first + count, [after]
        self._keep(after)

    def _header(self, name, data, first):
        if len(data) < 120 or data[:8] != b"DSECSEG1":
            raise Bad("no header of a segment")
        if int.from_bytes(data[8:16], "big") != first:
            raise Bad("the header names another first event")
        self._begin(name, data[56:120], data[:56])
        return data[24:56]

    def _open(self, name, data, first, newest):
        tail = "W" if newest and self._in_use else "E"
        if tail == "W" and len(data) < 120 and data[:8] == b"DSECSEG1"[: len(data)]:
            self._bad("structure.torn", name, "an unfinished header", tail)
            return
        key = self._header(name, data, first)
        at = 120
        while at < len(data):
            where = f"{name} byte {at}"
            try:
                frame = open_frame(data, at, first, self.size)
            except Bad:
                frame = None
            if frame is None or frame.first != self.size:
                found = next_frame(data, at, first, self.size)
                if found is None:
                    self._bad("structure.torn", where, "bytes that are no frame", tail)
                    return
                code = "structure.frame" if data[at : at + 4] == b"DSFR" else "structure.torn"
                self._bad(code, where, "no frame that can be read", "E")
                at, frame = found
                if frame.first != self.size:
                    self._chains, self.size = [data[at - 64 : at]], frame.first
            at = frame.end + 64
            self._unit(where, [frame], key, data[at - 64 : at])

    def _closed(self, name, data, first):
        if len(data) < 144 or data[-8:] != b"DSECEND1":
            raise Bad("no footer of a closed segment")
        start, count = struct.unpack(">QQ", data[-24:-8])
        if start + 112 * count + 24 != len(data) or not 1 <= count <= SEGMENT // BUNDLE:
            raise Bad("a footer that does not fit the file")
        if first // SEGMENT != (first + count * BUNDLE - 1) // SEGMENT:
            raise Bad("events beyond the end of a segment")
        rows = [
            struct.unpack(">QII32s64s", data[at : at + 112])
            for at in range(start, start + 112 * count, 112)
        ]
        at = 120
        for offset, size, *_ in rows:
            if offset != at:
                raise Bad("a directory that does not fit the blocks")
            at += size
        if at != start:
            raise Bad("a directory that does not fit the blocks")
        key = self._header(name, data, first)
        for bundle, (offset, size, plain, root, chain) in enumerate(rows, first // BUNDLE):
            where = f"{name} bundle {bundle}"
            self.closed.add(bundle)
            try:
                frames = frames_of_block(_inflate(data[offset : offset + size], plain), bundle)
            except Bad as error:
                self._bad("structure.frame", where, str(error))
                self.size, self._chains, self._faulty = (bundle + 1) * BUNDLE, [chain], False
                self._keep(chain)
                continue
            self._unit(where, frames, key, chain)
            if self.roots.get(bundle) != root:
                self._bad("tree.tile", where, "its root in the directory is another one")

    def _unit(self, where, frames, key, stored):
        """Takes frames behind which a chain value stands along, from the likeliest value before."""
        for chain in self._chains:
            made = self._link(frames, key, chain)
            if made[0] == stored:
                break
        else:
            made = self._link(frames, key, self._chains[0])
        holds = made[0] == stored
        if not holds and not self._faulty:
            self._bad("chain.link", where, "the chain value is not the computed one")
        self._faulty = not holds
        self._commit(where, frames, made, holds)
        self._chains = [stored] if holds else [stored, made[0]]

    def _link(self, frames, key, chain):
        """The chain value behind frames, with leaves and chain values of the events."""
        leaves, chains = [], []
        for frame in frames:
            chain = sha3_512(frame.header + chain).digest()
            for index, payload in enumerate(frame.payloads, frame.first):
                bundle, place = divmod(index, BUNDLE)
                if self._salts[0] != (key, bundle):
                    salts = shake_256(key + bundle.to_bytes(8, "big")).digest(4096)
                    self._salts = ((key, bundle), salts)
                entry = payload + self._salts[1][16 * place : 16 * place + 16] + chain
                chain = sha3_512(entry).digest()
                leaves.append(merkle.leaf(entry))
                chains.append(chain)
        return chain, leaves, chains

    def _commit(self, where, frames, made, holds):
        numbered = zip(*made[1:], (one for frame in frames for one in frame.payloads))
        for frame in frames:
            if frame.time < self._time:
                self._bad("clock.back", where, "committed before the events before it")
            self._time = frame.time
        for leaf, chain, payload in numbered:
            bundle, place = divmod(self.size, BUNDLE)
            leaves = self.leaves.setdefault(bundle, {})
            leaves[place] = leaf
            if len(leaves) == BUNDLE:
                self.roots[bundle] = merkle.root([leaves[one] for one in range(BUNDLE)])
            if holds:
                self._look(payload)
            self.size += 1
            self._keep(chain)

    def _look(self, payload):
        try:
            event = read_object(payload)
            if not is_time(event.get("time")):
                raise Bad("an event without a time")
        except Bad as error:
            self._bad("entry.form", f"event {self.size}", str(error))
            return
        if event.get("action") == "audit.Retention":
            self.retentions.append(event.get("details"))
        if self.size in self._shown:
            self.payloads[self.size] = event

    def _check_tombstones(self):
        ends = [_moment(stone["lastTime"]) for _, stone in self.tombstones]
        for name, stone in self.tombstones:
            days = stone["days"] if is_index(stone["days"]) and stone["days"] < 10**5 else 10**5
            may_be_removed = max(ends) >= _moment(stone["lastTime"]) + timedelta(days=days)
            if stone not in self.retentions and not may_be_removed:
                self._bad("tombstone.event", name, "no event tells of this removal")

    def is_past(self, size):
        """Whether so few events cannot be compared: some of them were removed or left out."""
        return size < BUNDLE * max(self.removed | {self.before - 1}, default=0) + BUNDLE

    def fits(self, note):
        """Whether a checkpoint may be one of this log."""
        root = self.root_at(note.size) if note.size <= self.size else None
        return root == note.root or (root is None and self.is_past(note.size))

    def root_at(self, size):
        """The root of the first events, or None where it cannot be computed."""
        whole, rest = divmod(size, BUNDLE)
        hashes = [self.roots.get(bundle) for bundle in range(whole)]
        if rest:
            leaves = self.leaves.get(whole, {})
            there = all(place in leaves for place in range(rest))
            hashes.append(merkle.root([leaves[place] for place in range(rest)]) if there else None)
        return None if None in hashes else merkle.root(hashes)


def _moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _inflate(data, size):
    decoder = zlib.decompressobj(-15)
    try:
        plain = decoder.decompress(data, size + 1)
    except zlib.error as error:
        raise Bad(f"a block that cannot be unpacked: {error}") from error
    if len(plain) != size or not decoder.eof or decoder.unused_data or decoder.unconsumed_tail:
        raise Bad("a block that is not as long as the directory tells")
    return plain
