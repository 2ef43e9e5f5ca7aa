"""A bundle or a directory, as names and contents."""

import os
import tarfile

from .findings import Bad

PRIVATE = ("key/", "index/")


class Directory:
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
    def __init__(self, path):
        self._content = {}
        try:
            with tarfile.open(path, "r:", format=tarfile.USTAR_FORMAT) as tar:
                for member in tar:
                    name = member.name
                    parts = name.split("/")
                    if not member.isreg() or name in self._content or {"", ".", ".."} & set(parts):
                        raise Bad(f"{name} is in the archive and may not be")
                    self._content[name] = tar.extractfile(member).read()
        except (tarfile.TarError, EOFError, OSError) as error:
            raise Bad(f"no tar archive: {error}") from error
        self.names = sorted(self._content)

    def read(self, name):
        return self._content[name]


def open_files(path):
    return Directory(path) if os.path.isdir(path) else Archive(path)
