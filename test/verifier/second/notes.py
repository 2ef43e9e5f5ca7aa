"""Signed notes, checkpoints and cosignatures of the C2SP."""

import base64
import binascii
import re
from hashlib import sha256

from . import openssl
from .findings import Bad

LOG, COSIGNATURE = 1, 4


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise Bad("no base64") from error
    if base64.b64encode(data).decode() != text:
        raise Bad("base64 with spare bits")
    return data


class Key:
    """A verifier key: name, type (1 for a log, 4 for a witness) and an Ed25519 key."""

    def __init__(self, text):
        parts = text.split("+", 2) if isinstance(text, str) else []
        if len(parts) != 3 or not re.fullmatch("[0-9a-f]{8}", parts[1]):
            raise Bad("no verifier key")
        self.text, self.name = text, parts[0]
        data = unbase64(parts[2])
        if len(data) != 33 or data[0] not in (LOG, COSIGNATURE):
            raise Bad("a verifier key of another type")
        if not is_name(self.name):
            raise Bad("a verifier key without a proper name")
        self.kind, self.public = data[0], data[1:]
        self.id = sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != parts[1]:
            raise Bad("a verifier key whose id is not its own")


def is_name(name):
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


class Note:
    """A text and its signatures: a list of name, key id and the rest."""

    def __init__(self, data):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Bad("a note that is not UTF-8") from error
        if any(ord(char) < 32 and char != "\n" for char in text):
            raise Bad("a note with control characters")
        body, found, lines = text.rpartition("\n\n")
        if not found or not lines.endswith("\n"):
            raise Bad("a note without signatures")
        self.text = body + "\n"
        self.signatures = []
        for line in lines[:-1].split("\n"):
            match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
            if not match or not is_name(match[1]):
                raise Bad("a signature line that is none")
            signature = unbase64(match[2])
            if len(signature) < 5:
                raise Bad("a signature that is too short")
            self.signatures.append((match[1], signature[:4], signature[4:]))

    def of(self, key):
        """Signatures that claim to be made with a key."""
        return [rest for name, id_, rest in self.signatures if (name, id_) == (key.name, key.id)]

    def is_signed(self, key):
        """Whether there is a signature under a log's key, and none that is wrong."""
        found = self.of(key)
        message = self.text.encode()
        return bool(found) and all(openssl.ed25519(key.public, message, one) for one in found)

    def cosignatures(self, key):
        """For each cosignature under a witness's key, whether it is valid."""
        answers = []
        for rest in self.of(key):
            time = int.from_bytes(rest[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
            answers.append(len(rest) == 72 and openssl.ed25519(key.public, message, rest[8:]))
        return answers


class Checkpoint(Note):
    """A note that tells an origin, a number of events and a root."""

    def __init__(self, data):
        super().__init__(data)
        lines = self.text.split("\n")
        if len(lines) != 4:
            raise Bad("a checkpoint without its three lines")
        if not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]):
            raise Bad("a checkpoint without origin or size")
        self.origin, self.size = lines[0], int(lines[1])
        self.root = unbase64(lines[2])
        if len(self.root) != 32:
            raise Bad("a root of another length")
