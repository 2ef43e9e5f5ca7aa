#!/usr/bin/env python3
"""
Verifies an audit log of DsecOS, with Python's standard library and the openssl command.

It was written from packaging/doc/audit-format.md alone, as a second opinion on the verifier of
DsecOS, and prints one JSON object: {"intact": true|false, "findings": [...]}. Ends with 0 when
the log is intact, 1 when it is not, and 2 when it cannot be looked at.
"""

import argparse
import json
import sys

from second import bundle, seals, tiles
from second.files import open_files
from second.findings import Bad, Findings
from second.log import Log
from second.openssl import pem
from second.tpm import Tpms


def arguments():
    parser = argparse.ArgumentParser(description="Verify an audit log of DsecOS.")
    parser.add_argument("path", help="a bundle (tar or directory) or the directory of a log")
    parser.add_argument("--key", action="append", default=[], help="verifier key of the log")
    parser.add_argument("--witness", action="append", default=[], help="a witness's verifier key")
    parser.add_argument("--tpm-root", action="append", default=[], help="certificate, PEM or DER")
    parser.add_argument("--checkpoint", action="append", default=[], help="kept elsewhere")
    parser.add_argument("--json", action="store_true", help="as it does anyway")
    return parser.parse_args()


def read_roots(paths):
    """Certificates in PEM, one behind the other."""
    out = b""
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        out += data if b"-----BEGIN" in data else pem(data) or b""
    return out


def verify(options):
    findings = Findings()
    try:
        files = open_files(options.path)
    except Bad as error:
        findings.add("manifest.form", options.path, str(error))
        return findings
    keys = seals.Keys(files, options.key, findings)
    in_use = "manifest" not in files.names and files.is_directory
    manifest = None if in_use else bundle.read_manifest(files, keys, findings)
    if manifest is None and not in_use:
        return findings  # nothing says what it is
    witnesses = seals.read_witnesses(files, options.witness, findings)
    found = seals.read_seals(files, in_use, findings)
    seals.check_signatures(found, keys, witnesses, findings)
    tpms = Tpms(files, findings)
    log = None
    if manifest and manifest["form"] == "disclosed":
        roots = bundle.check_disclosed(files, found, findings)
        seals.check_order([one for one in found if one.where != "checkpoint"], findings)
        fits = lambda note: roots.get(note.size) == note.root
    else:
        shown = {one.start for one in tpms.known.values()} | {start for start, _ in keys.keys}
        sizes = {one.note.size for one in found}
        log = Log(files, findings, in_use, sizes, shown)
        tiles.check(files, log, findings)
        seals.check_log(found, log, findings)
        keys.check_changes(log, findings)
        if manifest and (manifest["first"], manifest["end"]) != (log.first, log.size):
            findings.add("manifest.form", "manifest", "it tells of another period")
        fits = log.fits
    tpms.check_enrolments(log, read_roots(options.tpm_root))
    for seal in found:
        tpms.check_seal(seal)
    for path in options.checkpoint:
        with open(path, "rb") as file:
            seals.check_outside(file.read(), keys, witnesses, fits, findings)
    return findings


def main():
    try:
        findings = verify(arguments())
    except (Bad, OSError) as error:
        print(f"cannot be verified: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"intact": findings.intact, "findings": findings.list}, ensure_ascii=False))
    return 0 if findings.intact else 1


sys.exit(main())
