"""Tiles of level 1 and higher: roots of 256, 65,536 and so on events, 256 in a file."""

import re

from . import merkle

NAME = re.compile(r"tile/([1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


def check(files, log, findings):
    """Compares every tile with the events, and takes from them what of the tree was removed."""
    tiles = {}
    for name in files.names:
        match = NAME.fullmatch(name)
        if not match:
            continue
        number = int(match[2].replace("x", "").replace("/", ""))
        width = int(match[3]) if match[3] else 256
        data = files.read(name)
        if len(data) != 32 * width or (match[3] and not 1 <= width <= 255):
            findings.add("tree.tile", name, "a tile of another length")
            continue
        hashes = [data[i : i + 32] for i in range(0, len(data), 32)]
        tiles.setdefault(int(match[1]), []).append((name, 256 * number, hashes))
    known = log.roots
    for level in range(1, max(tiles, default=0) + 1):
        told = {}
        for name, first, hashes in tiles.get(level, []):
            for place, value in enumerate(hashes, first):
                # A tile may stand for what is not there to be computed, if it is of the past.
                if level == 1 and (place in log.removed or 256 * place + 256 <= log.first):
                    known.setdefault(place, value)
                if known.get(place) != value:
                    findings.add("tree.tile", name, f"its hash {place - first} does not fit")
                told[place] = value
        above = {}
        for place in {index // 256 for index in known}:
            row = [known.get(index) for index in range(256 * place, 256 * place + 256)]
            if None not in row:
                above[place] = merkle.root(row)
        known = above
    for bundle in log.removed:
        if bundle not in log.roots:
            findings.add("tree.tile", f"bundle {bundle}", "no tile has the root of what was removed")
