"""Tiles of level 1 and higher: roots of 256, 65,536 and so on events, 256 in a file."""

import re

from . import merkle

WIDTH = 256
NAME = re.compile(r"tile/([1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


def check(files, log, findings):
    """Compares tiles with the events, and takes from them what of the tree was removed."""
    levels = _read(files, findings)
    past = set(range(log.before)) | log.removed
    needed = past | log.closed
    known, there = log.roots, log.size // WIDTH
    count = max(needed, default=-1) + 1
    level = 1
    while count or level in levels:
        tiles = levels.get(level, [])
        stored, told = {}, set()
        for name, number, hashes in tiles:
            for place, value in enumerate(hashes, WIDTH * number):
                stored.setdefault(place, value)
                if level == 1 and place in past:
                    known.setdefault(place, value)
                right = known.get(place)
                if place >= there or (right is not None and right != value):
                    findings.add("tree.tile", name, f"its hash {place % WIDTH} does not fit")
            told.update(range(WIDTH * number, WIDTH * number + len(hashes)))
        missing = sorted(set(needed) - told)
        if missing:
            name = f"tile/{level}/{missing[0] // WIDTH}"
            findings.add("tree.tile", name, "it is missing, or has too few hashes")
        known = {
            place: merkle.root([stored[one] for one in range(WIDTH * place, WIDTH * place + WIDTH)])
            for place in {one // WIDTH for one in stored}
            if all(one in stored for one in range(WIDTH * place, WIDTH * place + WIDTH))
        }
        count //= WIDTH
        needed, there, level = range(count), there // WIDTH, level + 1


def _read(files, findings):
    levels = {}
    for name in files.names:
        match = NAME.fullmatch(name)
        width = int(match[3]) if match and match[3] else WIDTH
        if not match or (match[3] and not 1 <= width < WIDTH):
            continue
        data = files.read(name)
        if len(data) != 32 * width:
            findings.add("tree.tile", name, "a tile of another length")
            continue
        hashes = [data[at : at + 32] for at in range(0, len(data), 32)]
        number = int(match[2].replace("x", "").replace("/", ""))
        levels.setdefault(int(match[1]), []).append((name, number, hashes))
    return levels
