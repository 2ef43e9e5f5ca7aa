"""A bundle or a directory, as names and contents."""

import os

from .findings import Bad

PRIVATE = ("key/", "index/", "recovered/")
BLOCK = 512


class Directory:
    is_directory = True

    def __init__(self, path):
        self._path = path
        self.names = []
        for place, _, files in os.walk(path):
            for file in files:
                name = os.path.relpath(os.path.join(place, file), path)
                if not name.startswith(PRIVATE):
                    self.names.append(name)
        self.names.sort()

    def read(self, name):
        with open(os.path.join(self._path, name), "rb") as file:
            return file.read()


class Archive:
    """A tar of regular files in the form ustar, and of nothing else."""

    is_directory = False

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self._content = {}
        at = 0
        while any(header := data[at : at + BLOCK]):
            name, size = _header(header)
            parts = name.split("/")
            if name in self._content or {"", ".", ".."} & set(parts):
                raise Bad(f"{name} may not be in the archive")
            content = data[at + BLOCK : at + BLOCK + size]
            at += BLOCK + -(-size // BLOCK) * BLOCK
            if len(content) != size or any(data[at - (-size % BLOCK) : at]) or at > len(data):
                raise Bad("the archive ends within a file")
            self._content[name] = content
        if any(data[at:]) or len(data) - at < 2 * BLOCK or len(data) % BLOCK:
            raise Bad("the archive does not end as one does")
        self.names = sorted(self._content)

    def read(self, name):
        return self._content[name]


def _header(header):
    if len(header) != BLOCK or header[257:265] != b"ustar\x0000":
        raise Bad("no header of a file")
    told = _octal(header[148:156])
    if sum(header) - sum(header[148:156]) + 8 * 32 != told or header[156:157] not in b"0\0":
        raise Bad("a header of a file that cannot be right")
    try:
        name, prefix = (_text(header[a:b]).decode() for a, b in ((0, 100), (345, 500)))
    except UnicodeDecodeError as error:
        raise Bad("a name that is not UTF-8") from error
    return (f"{prefix}/{name}" if prefix else name), _octal(header[124:136])


def _text(field):
    text, _, rest = field.partition(b"\0")
    if any(rest):
        raise Bad("bytes behind the end of a name")
    return text


def _octal(field):
    digits = field.strip(b"\0 ")
    if not digits or not set(digits) <= set(b"01234567"):
        raise Bad("no number in a header of a file")
    return int(digits, 8)


def open_files(path):
    return Directory(path) if os.path.isdir(path) else Archive(path)
