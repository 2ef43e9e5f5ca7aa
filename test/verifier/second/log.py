"""Chain and tree, made again from all segments."""

import re
import struct
import zlib
from datetime import datetime, timedelta
from hashlib import sha3_512, shake_256

from . import merkle
from .canonical import is_index, is_time, read_object
from .findings import Bad

BUNDLE = 256
SEGMENT = 65536
ZERO = bytes(64)
NAME = re.compile(r"log/([0-9]{20})\.(seg|segz|gone)")


class Log:
    """
    What the segments hold. `first` and `size` bound the events that are there; tombstones before
    them count as removed. `wanted` are sizes whose chain value is kept, `shown` indexes whose
    payloads are.
    """

    def __init__(self, files, findings, in_use, wanted, shown):
        self._findings, self._in_use = findings, in_use
        self._wanted, self._shown = wanted, shown
        self.first = None
        self.size = 0
        self.leaves = {}  # of a bundle, those that are there
        self.roots = {}  # of whole bundles
        self.chains = {}
        self.payloads = {}
        self.retentions = []
        self.tombstones = []
        self.removed = set()  # bundles
        self._chain = None
        self._time = 0
        # Where the segment before ended, and with which chain value, is not known.
        self._lost = not in_use
        self._salts = (None, b"")
        self._read_all(files)
        self._check_tombstones()

    def _read_all(self, files):
        found = {}
        for name in files.names:
            if not name.startswith("log/"):
                continue
            match = NAME.fullmatch(name)
            if not match or int(match[1]) % BUNDLE:
                self._bad("structure.segment", name, "no name of a segment")
                continue
            if int(match[1]) in found:
                self._bad("structure.gap", name, "two files for one segment")
                continue
            found[int(match[1])] = (name, match[2])
        order = sorted(found)
        for first in order:
            name, kind = found[first]
            if self.first is None and kind != "gone":
                self.first = first
            if first != self.size and not self._lost:
                text = f"begins at {first}, and the one before ends at {self.size}"
                self._bad("structure.gap", name, text)
                self._chain = None
            if self._lost:
                self._chain = None
            self._lost = False
            self.size = first
            data = files.read(name)
            try:
                if kind == "gone":
                    self._tombstone(name, data, first)
                elif kind == "seg":
                    self._open(name, data, first, first == order[-1])
                else:
                    self._closed(name, data, first)
            except Bad as error:
                self._bad("structure.segment", name, str(error))
                self._lost = True
        if self.first is None:
            self.first = self.size

    def _bad(self, code, where, text, severity=None):
        self._findings.add(code, where, text, severity)

    def _link(self, data):
        self._chain = sha3_512(data + self._chain).digest()

    def _stored(self, where, value):
        """Compares with a stored chain value, and goes on from that one."""
        if self._chain != value:
            self._bad("chain.link", where, "the chain value is not the computed one")
            self._chain = value
            if self.size in self._wanted:
                self.chains[self.size] = value

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
        self._start(name, before, first)
        self.tombstones.append((name, stone))
        self.removed.update(range(first // BUNDLE, (first + count) // BUNDLE))
        self.size, self._chain = first + count, after
        self._note_size()

    def _start(self, where, value, first):
        if self._chain is None:
            self._chain = ZERO if first == 0 else value
        if first in self._wanted:
            self.chains.setdefault(first, self._chain)
        self._stored(where, value)

    def _header(self, name, data, first):
        if len(data) < 120 or data[:8] != b"DSECSEG1":
            raise Bad("no header of a segment")
        if int.from_bytes(data[8:16], "big") != first:
            raise Bad("the header names another first event")
        self._start(name, data[56:120], first)
        self._link(data[:56])
        return data[24:56]

    def _open(self, name, data, first, newest):
        try:
            key = self._header(name, data, first)
        except Bad:
            if newest and self._in_use and data[:8] == b"DSECSEG1"[: len(data)] and len(data) < 120:
                self._bad("structure.torn", name, "an unfinished header", "W")
                return
            raise
        position = 120
        while position < len(data):
            where = f"{name} byte {position}"
            torn = ("structure.torn", where, "bytes that are no frame")
            severity = "W" if newest and self._in_use else "E"
            header = data[position : position + 32]
            if len(header) < 32 or header[:4] != b"DSFR":
                self._bad(*torn, severity)
                self._lost = True
                return
            end = position + 32 + int.from_bytes(header[4:8], "big")
            if end + 64 > len(data):
                self._bad(*torn, severity)
                self._lost = True
                return
            try:
                self._frame(name, data[position:end], first, key)
            except Bad as error:
                self._bad("structure.frame", where, str(error))
                self._lost = True
                return
            self._stored(where, data[end : end + 64])
            position = end + 64

    def _frame(self, name, frame, first, key):
        magic, length, count, zero, index, time = struct.unpack(">4sIIIQQ", frame[:32])
        if magic != b"DSFR" or zero or length != len(frame) - 32 or not 1 <= count <= BUNDLE:
            raise Bad("no header of a frame")
        if index != self.size or index // BUNDLE != (index + count - 1) // BUNDLE:
            raise Bad("a frame of other events")
        if index // SEGMENT != first // SEGMENT:
            raise Bad("events beyond the end of a segment")
        payloads = []
        position = 32
        for _ in range(count):
            size = int.from_bytes(frame[position : position + 4], "big")
            position += 4 + size
            if position > len(frame) or not 2 <= size <= 65455:
                raise Bad("a record of an impossible length")
            payloads.append(frame[position - size : position])
        if position != len(frame):
            raise Bad("records that do not fill the frame")
        if time < self._time:
            self._bad("clock.back", name, f"event {index} was committed before the one before it")
        self._time = time
        self._link(frame[:32])
        for payload in payloads:
            self._event(payload, key)

    def _event(self, payload, key):
        index = self.size
        bundle, place = divmod(index, BUNDLE)
        if self._salts[0] != (key, bundle):
            salts = shake_256(key + bundle.to_bytes(8, "big")).digest(4096)
            self._salts = ((key, bundle), salts)
        entry = payload + self._salts[1][16 * place : 16 * place + 16] + self._chain
        self._chain = sha3_512(entry).digest()
        self.leaves.setdefault(bundle, []).append(merkle.leaf(entry))
        if place == BUNDLE - 1 and len(self.leaves[bundle]) == BUNDLE:
            self.roots[bundle] = merkle.root(self.leaves[bundle])
        try:
            event = read_object(payload)
            if not is_time(event.get("time")):
                raise Bad("an event without a time")
            if event.get("action") == "audit.Retention":
                self.retentions.append(event.get("details"))
            if index in self._shown:
                self.payloads[index] = event
        except Bad as error:
            self._bad("entry.form", f"event {index}", str(error))
        self.size += 1
        self._note_size()

    def _note_size(self):
        if self.size in self._wanted:
            self.chains[self.size] = self._chain

    def _closed(self, name, data, first):
        if len(data) < 144 or data[-8:] != b"DSECEND1":
            raise Bad("no footer of a closed segment")
        at, count = struct.unpack(">QQ", data[-24:-8])
        if at < 120 or at + 112 * count + 24 != len(data) or not 1 <= count <= SEGMENT // BUNDLE:
            raise Bad("a footer that does not fit the file")
        key = self._header(name, data, first)
        position = 120
        for number in range(count):
            row = data[at + 112 * number : at + 112 * number + 112]
            offset, size, plain, root, chain = struct.unpack(">QII32s64s", row)
            if offset != position or position + size > at:
                raise Bad("a directory that does not fit the blocks")
            block = _inflate(data[offset : offset + size], plain)
            bundle = first // BUNDLE + number
            where = f"{name} bundle {bundle}"
            self._block(name, block, first, key, bundle, where)
            self._stored(where, chain)
            if self.roots.get(bundle) != root:
                text = "its root in the directory is not that of its events"
                self._bad("tree.tile", where, text)
            position += size
        if position != at:
            raise Bad("bytes between the blocks and the directory")

    def _block(self, name, block, first, key, bundle, where):
        position = 0
        try:
            while position < len(block):
                end = position + 32 + int.from_bytes(block[position + 4 : position + 8], "big")
                if len(block) - position < 32 or end > len(block):
                    raise Bad("bytes that are no frame")
                self._frame(name, block[position:end], first, key)
                position = end
            if self.size != (bundle + 1) * BUNDLE:
                raise Bad("a bundle without all its events")
        except Bad as error:
            self._bad("structure.frame", where, str(error))
            # What follows is another bundle, wherever this one ended.
            self.size = (bundle + 1) * BUNDLE
            self._note_size()

    def _check_tombstones(self):
        ends = [stone["lastTime"] for _, stone in self.tombstones]
        for name, stone in self.tombstones:
            if stone not in self.retentions and not _is_told_in_removed(stone, ends):
                self._bad("tombstone.event", name, "no event tells of this removal")

    def root_at(self, size):
        """The root of the first events, or None where it cannot be computed."""
        whole, rest = divmod(size, BUNDLE)
        hashes = [self.roots.get(bundle) for bundle in range(whole)]
        if rest:
            leaves = self.leaves.get(whole, [])
            hashes.append(merkle.root(leaves[:rest]) if len(leaves) >= rest else None)
        return None if None in hashes else merkle.root(hashes)


def _is_told_in_removed(stone, ends):
    """Whether the event of a removal may be old enough to have been removed itself."""
    if not is_index(stone["days"]):
        return False
    told = datetime.fromisoformat(stone["lastTime"]) + timedelta(days=stone["days"])
    return any(datetime.fromisoformat(end) >= told for end in ends)


def _inflate(data, size):
    decoder = zlib.decompressobj(-15)
    try:
        plain = decoder.decompress(data, size + 1)
    except zlib.error as error:
        raise Bad(f"a block that cannot be unpacked: {error}") from error
    if len(plain) != size or not decoder.eof or decoder.unused_data:
        raise Bad("a block that is not as long as the directory tells")
    return plain
