"""The canonical JSON of RFC 8785, checked by writing it again."""

import json
import math
import re
from datetime import datetime

from .findings import Bad

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def number(value):
    """As ECMA-262 writes a double: the shortest digits, an exponent from 1e21 and below 1e-6."""
    if not math.isfinite(value):
        raise Bad("a number that JSON does not have")
    if value == 0:
        return "0"
    if value < 0:
        return "-" + number(-value)
    digits, _, exponent = repr(value).partition("e")
    whole, _, fraction = digits.partition(".")
    if fraction == "0":
        fraction = ""
    shift = int(exponent or 0) + len(whole)  # the decimal point stands behind so many digits
    digits = whole + fraction
    shift -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    count = len(digits)
    if count <= shift <= 21:
        return digits + "0" * (shift - count)
    if 0 < shift <= 21:
        return digits[:shift] + "." + digits[shift:]
    if -6 < shift <= 0:
        return "0." + "0" * -shift + digits
    power = shift - 1
    mantissa = digits if count == 1 else digits[0] + "." + digits[1:]
    return f"{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def text(value):
    out = []
    for char in value:
        code = ord(char)
        if 0xD800 <= code <= 0xDFFF:
            raise Bad("half of a surrogate pair")
        if code in ESCAPES:
            out.append(ESCAPES[code])
        else:
            out.append(f"\\u{code:04x}" if code < 32 else char)
    return '"' + "".join(out) + '"'


def write(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{text(key)}:{write(value[key])}" for key in keys) + "}"


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Bad("a member twice")
    return members


def _constant(name):
    raise Bad(f"{name} is no JSON")


def read_object(data):
    """An object from its canonical form; anything else is Bad. Every number is a float."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            parse_int=float,
            parse_constant=_constant,
            object_pairs_hook=_members,
        )
        if not isinstance(value, dict):
            raise Bad("no JSON object")
        if write(value).encode("utf-8") != data:
            raise Bad("not in canonical form")
        return value
    except (ValueError, RecursionError, OverflowError) as error:
        raise Bad(f"no JSON: {error}") from error


def is_time(value):
    if not isinstance(value, str) or not TIME.fullmatch(value):
        return False
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


def is_index(value):
    """A number that may count events."""
    return isinstance(value, float) and value >= 0 and value == int(value) and value < 2**53
