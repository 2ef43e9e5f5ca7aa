"""What the standard library does not have, by the openssl command."""

import os
import subprocess
import tempfile

ED25519 = bytes.fromhex("302a300506032b6570032100")
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def _run(arguments, files, data=b""):
    """Runs openssl in a directory of its own that holds the files, and gives code and output."""
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            with open(os.path.join(place, name), "wb") as file:
                file.write(content)
        done = subprocess.run(
            ["openssl", *arguments],
            cwd=place,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout


def ed25519(key, message, signature):
    """Whether the signature of 64 bytes is one under the key of 32 bytes."""
    if len(key) != 32 or len(signature) != 64:
        return False
    words = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin"]
    files = {"key": ED25519 + key, "message": message, "signature": signature}
    return _run([*words, "-in", "message", "-sigfile", "signature"], files)[0] == 0


def _integer(value):
    value = value.lstrip(b"\0") or b"\0"
    if value[0] & 0x80:
        value = b"\0" + value
    return b"\x02" + bytes([len(value)]) + value


def ecdsa(x, y, message, signature):
    """Whether r and s, 32 bytes each, sign the SHA-256 of the message under a key on P-256."""
    if len(signature) != 64:
        return False
    both = _integer(signature[:32]) + _integer(signature[32:])
    point = b"\4" + x.rjust(32, b"\0") + y.rjust(32, b"\0")
    files = {"key": P256 + point, "signature": b"\x30" + bytes([len(both)]) + both}
    words = ["dgst", "-sha256", "-verify", "key", "-keyform", "DER", "-signature", "signature"]
    return _run(words, files, message)[0] == 0


def aes_cfb(key, data):
    """Encrypts with an IV of zeros; the key is evidence here and no secret any more."""
    name = f"-aes-{len(key) * 8}-cfb"
    words = ["enc", name, "-K", key.hex(), "-iv", "00" * 16]
    return _run(words, {}, data)[1]


def certificate_key(der):
    """The SubjectPublicKeyInfo of a certificate in DER, or None."""
    code, pem = _run(["x509", "-inform", "DER", "-noout", "-pubkey"], {}, der)
    if code != 0:
        return None
    code, key = _run(["pkey", "-pubin", "-outform", "DER"], {}, pem)
    return key if code == 0 else None


def pem(der):
    code, text = _run(["x509", "-inform", "DER"], {}, der)
    return text if code == 0 else None


def chain_ends_in(certificates, trusted):
    """Whether the first of some DER certificates has a chain to a trusted one (PEM)."""
    texts = [pem(der) for der in certificates]
    if None in texts:
        return False
    files = {"first": texts[0], "others": b"".join(texts[1:]), "trusted": trusted}
    words = ["verify", "-no_check_time", "-partial_chain", "-no-CApath", "-no-CAstore"]
    words += ["-CAfile", "trusted"]
    if texts[1:]:
        words += ["-untrusted", "others"]
    return _run([*words, "first"], files)[0] == 0
