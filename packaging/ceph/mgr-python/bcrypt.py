"""The three functions of bcrypt that Ceph's manager calls, over the system's libcrypt.

For development clusters on Debian 13 alone: its own python3-bcrypt cannot be loaded more than once
in a process, and the manager loads every module in an interpreter of its own.
"""

import ctypes
import hmac

_library = ctypes.CDLL("libcrypt.so.1")
for _function in (_library.crypt_gensalt, _library.crypt):
    _function.restype = ctypes.c_char_p
_library.crypt_gensalt.argtypes = [
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
    ctypes.c_int,
]
_library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def gensalt(rounds=12, prefix=b"2b"):
    return _library.crypt_gensalt(b"$" + prefix + b"$", rounds, None, 0)


def hashpw(password, salt):
    hashed = _library.crypt(password, salt)
    if hashed is None or not hashed.startswith(b"$2"):
        raise ValueError("Invalid salt")
    return hashed


def checkpw(password, hashed):
    return hmac.compare_digest(hashpw(password, hashed), hashed)
