"""Frames, read apart from the chain."""

import struct

from .findings import Bad

BUNDLE = 256
SEGMENT = 65536
HEADER = 32


class Frame:
    """`bytes` of its header, `payloads`, index of the `first` event, `end` behind its records."""

    def __init__(self, data, at, least):
        """Reads it where its index is not less than that; else it is Bad."""
        head = data[at : at + HEADER]
        if len(head) < HEADER or head[:4] != b"DSFR":
            raise Bad("bytes that are no frame")
        _, length, count, zero, self.first, self.time = struct.unpack(">4sIIIQQ", head)
        self.header, self.count, self.next = head, count, self.first + count
        self.end = at + HEADER + length
        if zero or not 1 <= count <= BUNDLE or self.first < least:
            raise Bad("a header of a frame that cannot be right")
        if self.first // BUNDLE != (self.next - 1) // BUNDLE:
            raise Bad("a frame over the end of a bundle")
        if self.end > len(data):
            raise Bad("a frame that is not finished")
        self.payloads = []
        position = at + HEADER
        for _ in range(count):
            size = int.from_bytes(data[position : position + 4], "big")
            position += 4 + size
            if position > self.end or not 2 <= size <= 65455:
                raise Bad("a record of an impossible length")
            self.payloads.append(data[position - size : position])
        if position != self.end:
            raise Bad("records that do not fill the frame")


def open_frame(data, at, first, least):
    """A frame of the open segment that begins with an event; its chain value stands behind it."""
    frame = Frame(data, at, least)
    if frame.end + 64 > len(data):
        raise Bad("a frame that is not finished")
    if (frame.next - 1) // SEGMENT != first // SEGMENT:
        raise Bad("events beyond the end of a segment")
    return frame


def next_frame(data, at, first, least):
    """The next place, from here on, where a frame of such an event can be read, or None."""
    while (at := data.find(b"DSFR", at)) >= 0:
        try:
            return at, open_frame(data, at, first, least)
        except Bad:
            at += 1
    return None


def frames_of_block(data, bundle):
    """All frames of a bundle, from its block in a closed segment."""
    frames, at, index = [], 0, bundle * BUNDLE
    while at < len(data):
        frame = Frame(data, at, index)
        if frame.first != index:
            raise Bad("frames that do not follow each other")
        frames.append(frame)
        at, index = frame.end, frame.next
    if index != (bundle + 1) * BUNDLE:
        raise Bad("a bundle without all its events")
    return frames
