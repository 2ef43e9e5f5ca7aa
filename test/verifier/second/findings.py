"""What is wrong with a log, by the codes of the format's page."""

WARNINGS = {
    "clock.back",
    "checkpoint.none",
    "checkpoint.tail",
    "tpm.self",
    "tpm.software",
    "witness.none",
    "key.unknown",
}

EVIDENCE = {
    "clock": "chain",
    "entry": "chain",
    "tombstone": "chain",
    "proof": "tree",
    "key": "checkpoint",
}


class Findings:
    """Each kind of finding at each place once."""

    def __init__(self):
        self.list = []
        self._told = set()

    def add(self, code, where, text, severity=None):
        if (code, where) in self._told:
            return
        self._told.add((code, where))
        kind = code.split(".")[0]
        evidence = "checkpoint" if code == "tree.root" else EVIDENCE.get(kind, kind)
        severity = severity or ("W" if code in WARNINGS else "E")
        self.list.append(
            {"code": code, "severity": severity, "evidence": evidence, "where": where, "text": text}
        )

    @property
    def intact(self):
        return all(finding["severity"] == "W" for finding in self.list)


class Bad(Exception):
    """What was to be read is not what it should be."""
