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
    files = open_files(options.path)
    keys = seals.Keys(files, options.key, findings)
    witnesses = seals.read_witnesses(files, options.witness, findings)
    is_bundle = "manifest" in files.names or "disclosed.jsonl" in files.names
    manifest = bundle.read_manifest(files, keys, findings) if is_bundle else None
    found = seals.read_seals(files, findings)
    tpms = Tpms(files, findings)
    log = None
    if "disclosed.jsonl" in files.names or (manifest and manifest["form"] == "disclosed"):
        roots = bundle.check_disclosed(files, found, findings)
        seals.check_order([one for one in found if one.where != "checkpoint"], findings)
        root_at = roots.get
    else:
        shown = {one.start for one in tpms.known.values()} | {start for start, _ in keys.keys}
        sizes = {one.note.size for one in found}
        log = Log(files, findings, not is_bundle, sizes, shown)
        tiles.check(files, log, findings)
        seals.check_log(found, log, findings)
        keys.check_changes(log, findings)
        if manifest and (manifest["first"], manifest["end"]) != (log.first, log.size):
            findings.add("manifest.form", "manifest", "it tells of another period")
        root_at = lambda size: log.root_at(size) if size <= log.size else None
    seals.check_signatures(found, keys, witnesses, findings)
    tpms.check_enrolments(log, read_roots(options.tpm_root))
    for seal in found:
        tpms.check_seal(seal)
    for path in options.checkpoint:
        with open(path, "rb") as file:
            seals.check_outside(file.read(), keys, witnesses, root_at, findings)
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
