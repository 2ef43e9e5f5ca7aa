"""What a TPM 2.0 signs and how it names things: structures of TPM 2.0 Part 2."""

import hmac
import struct
from hashlib import new as new_hash
from hashlib import sha256

from . import openssl
from .findings import Bad

HASHES = {0x0004: ("sha1", 160), 0x000B: ("sha256", 256), 0x000C: ("sha384", 384)}
HASHES[0x000D] = ("sha512", 512)
NULL, RSA, ECC, P256 = 0x0010, 0x0001, 0x0023, 0x0003
FIXED_TPM, FIXED_PARENT, DECRYPT, RESTRICTED, SIGN = 1 << 1, 1 << 4, 1 << 17, 1 << 16, 1 << 18
COUNTER, QUOTE = 0x8014, 0x8018


class Reader:
    def __init__(self, data):
        self._data, self._at = data, 0

    def take(self, count):
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise Bad("a structure of the TPM that is too short")
        self._at += count
        return part

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def sized(self):
        return self.take(self.number(2))

    def end(self):
        if self._at != len(self._data):
            raise Bad("a structure of the TPM that is too long")


class Attest:
    """A TPMS_ATTEST of a certified NV index or of a quote."""

    def __init__(self, data):
        read = Reader(data)
        if read.take(4).hex() != "ff544347":
            raise Bad("not made by a TPM")
        self.type = read.number(2)
        self.signer, self.extra = read.sized(), read.sized()
        self.clock, self.resets, self.restarts = read.number(8), read.number(4), read.number(4)
        safe = read.number(1)
        if safe > 1:
            raise Bad("neither safe nor unsafe")
        self.safe = safe == 1
        read.take(8)  # firmware
        if self.type == COUNTER:
            self.index, self.offset, self.contents = read.sized(), read.number(2), read.sized()
        elif self.type == QUOTE:
            count = read.number(4)
            self.selection = [(read.number(2), read.take(read.number(1))) for _ in range(count)]
            self.digest = read.sized()
        else:
            raise Bad("an attestation of another kind")
        read.end()


class Public:
    """A TPMT_PUBLIC of a key."""

    def __init__(self, data):
        read = Reader(data)
        self.type, name_hash = read.number(2), read.number(2)
        self.attributes = read.number(4)
        read.sized()  # policy
        if name_hash not in HASHES or self.type not in (RSA, ECC):
            raise Bad("a key of another kind")
        self.hash, self.hash_bits = HASHES[name_hash]
        self.bits = None
        if read.number(2) != NULL:
            self.bits = read.number(2)
            read.number(2)  # mode
        scheme = read.number(2)
        if scheme not in (NULL, 0x0015):  # RSAES has no hash
            read.number(2)
        if self.type == RSA:
            read.number(2)
            self.exponent = read.number(4) or 65537
            self.modulus = read.sized()
        else:
            self.curve = read.number(2)
            if read.number(2) != NULL:
                read.number(2)
            self.x, self.y = read.sized(), read.sized()
        read.end()
        self.name = struct.pack(">H", name_hash) + new_hash(self.hash, data).digest()

    def in_certificate(self, key):
        """Whether a SubjectPublicKeyInfo holds this key; it ends with the key's own form."""
        if self.type == ECC:
            size = max(len(self.x), len(self.y))
            sizes = {P256: 32, 0x0004: 48, 0x0005: 66}
            size = sizes.get(self.curve, size)
            return key.endswith(b"\4" + self.x.rjust(size, b"\0") + self.y.rjust(size, b"\0"))
        exponent = self.exponent.to_bytes(4, "big").lstrip(b"\0")
        return key.endswith(_der(0x30, _integer(self.modulus) + _integer(exponent)))


def _der(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value):
    value = value.lstrip(b"\0") or b"\0"
    return _der(2, b"\0" + value if value[0] & 0x80 else value)


def kdfa(hash_, key, label, context, bits):
    out = b""
    while len(out) * 8 < bits:
        counter = struct.pack(">I", len(out) // new_hash(hash_).digest_size + 1)
        message = counter + label + b"\0" + context + struct.pack(">I", bits)
        out += hmac.new(key, message, hash_).digest()
    return out[: bits // 8]


def credential(endorsement, seed, secret, name):
    """The blob that only a TPM with both keys can open."""
    if endorsement.bits not in (128, 192, 256):
        raise Bad("an endorsement key without a cipher")
    hash_ = endorsement.hash
    storage = kdfa(hash_, seed, b"STORAGE", name, endorsement.bits)
    identity = openssl.aes_cfb(storage, struct.pack(">H", len(secret)) + secret)
    integrity = kdfa(hash_, seed, b"INTEGRITY", b"", endorsement.hash_bits)
    mac = hmac.new(integrity, identity + name, hash_).digest()
    inner = struct.pack(">H", len(mac)) + mac + identity
    return struct.pack(">H", len(inner)) + inner


def counter_name(index):
    public = struct.pack(">I", index) + bytes.fromhex("000b2206001400000008")
    return "000b" + sha256(public).hexdigest()
