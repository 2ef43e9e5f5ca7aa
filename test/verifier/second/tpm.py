"""Attestations that stand beside checkpoints."""

import re
from hashlib import sha256

from . import attest, openssl
from .canonical import is_index, read_object, write
from .findings import Bad
from .notes import unbase64

PCRS = ["0", "1", "2", "3", "4", "5", "6", "7", "14"]
# Bits of PCR 0 to 7 and 14; a TPM tells as many bytes as it has PCRs for.
SELECTED = b"\xff\x40\x00"
TEXTS = ("akPublic", "ekPublic", "counterName", "manufacturer")


class Enrolment:
    def __init__(self, data):
        told = read_object(data)
        try:
            if not all(isinstance(told[key], str) for key in TEXTS):
                raise Bad("an enrolment without its texts")
            if not isinstance(told["software"], bool) or not is_index(told["counterIndex"]):
                raise Bad("an enrolment without software or counterIndex")
            self.ak = attest.Public(unbase64(told["akPublic"]))
            self.ek = attest.Public(unbase64(told["ekPublic"]))
            self.certificates = [unbase64(one) for one in told["ekCertificates"]]
            activation = told["activation"]
            self.blob, self.seed, self.secret = (
                unbase64(activation[key]) for key in ("blob", "seed", "secret")
            )
            unbase64(activation["ephemeral"])
            self.start = int(told.pop("from")) if is_index(told["from"]) else None
        except (KeyError, TypeError) as error:
            raise Bad(f"an enrolment without {error}") from error
        if self.start is None or told["counterIndex"] >= 2**32:
            raise Bad("an enrolment with an impossible number")
        self.software, self.manufacturer = told["software"], told["manufacturer"]
        self.index, self.counter = int(told["counterIndex"]), told["counterName"]
        self.hash = sha256(write(told).encode()).hexdigest()


class Tpms:
    def __init__(self, files, findings):
        self._findings = findings
        self.known, self._unreadable, self._last = {}, set(), {}
        for name in files.names:
            match = re.fullmatch(r"tpm/([0-9a-f]+)\.json", name)
            if not match:
                continue
            try:
                self.known[match[1]] = Enrolment(files.read(name))
            except Bad as error:
                findings.add("tpm.form", name, str(error))
                self._unreadable.add(match[1])

    def check_enrolments(self, log, roots):
        for name, one in self.known.items():
            where = f"tpm/{name}.json"
            self._check_ak(where, name, one)
            if one.counter != attest.counter_name(one.index):
                self._findings.add("tpm.counter", where, "the counter is of another kind")
            self._check_ek(where, one, roots)
            if log is not None:
                self._check_event(where, name, one, log)
            text = "the node enrolled it itself"
            self._findings.add("tpm.self", where, text)
            if one.software:
                self._findings.add("tpm.software", where, "the TPM is a program")

    def _check_ak(self, where, name, one):
        wanted = attest.FIXED_TPM | attest.FIXED_PARENT | attest.RESTRICTED | attest.SIGN
        ak = one.ak
        if ak.attributes & (wanted | attest.DECRYPT) != wanted:
            self._findings.add("tpm.ak", where, "the AK has other attributes")
        if ak.type != attest.ECC or ak.curve != attest.P256 or ak.name.hex() != name:
            self._findings.add("tpm.ak", where, "the AK is another key")
        try:
            blob = attest.credential(one.ek, one.seed, one.secret, ak.name)
        except Bad:
            blob = None
        if blob != one.blob:
            self._findings.add("tpm.ak", where, "the challenge was another one")

    def _check_ek(self, where, one, roots):
        severity = "E" if roots else "W"
        key = openssl.certificate_key(one.certificates[0]) if one.certificates else None
        if key is None or not one.ek.in_certificate(key):
            self._findings.add("tpm.ek", where, "no certificate holds the EK", severity)
        elif not roots or not openssl.chain_ends_in(one.certificates, roots):
            text = "the EK's chain ends in no trusted certificate"
            self._findings.add("tpm.ek", where, text, severity)

    def _check_event(self, where, name, one, log):
        event = log.payloads.get(one.start)
        if event is None:
            return  # removed, or not in the bundle, or told already to be missing or unreadable
        details = event.get("details")
        told = {
            "ak": name,
            "enrolment": one.hash,
            "manufacturer": one.manufacturer,
            "software": one.software,
        }
        if not isinstance(details, dict) or event.get("action") != "audit.TpmEnrolled":
            self._findings.add("tpm.ak", where, "no event tells of its enrolment")
        elif any(details.get(key) != value for key, value in told.items()):
            self._findings.add("tpm.ak", where, "the event tells of another enrolment")

    def check_seal(self, seal):
        """In the order of the seals."""
        if seal.tpm is None:
            return
        where, tpm = seal.where, seal.tpm
        name = tpm.get("ak") if isinstance(tpm, dict) else None
        if name in self._unreadable:
            return
        if not isinstance(name, str) or set(tpm) != {"ak", "counter", "pcrs", "quote"}:
            self._findings.add("tpm.form", where, "no attestation")
            return
        one = self.known.get(name)
        if one is None:
            self._findings.add("tpm.ak", where, "the AK is unknown")
            return
        if one.start >= seal.note.size:
            self._findings.add("tpm.ak", where, "the checkpoint does not count the enrolment")
        digest = sha256(seal.note.text.encode()).digest()
        for kind, type_ in (("counter", attest.COUNTER), ("quote", attest.QUOTE)):
            told = self._signed(where, tpm[kind], type_, one)
            if told is None:
                continue
            if told.extra != digest:
                self._findings.add("tpm.binding", where, f"the {kind} is for another checkpoint")
            qualified = sha256(bytes.fromhex("4000000b") + one.ak.name).digest()
            if told.signer != b"\0\x0b" + qualified:
                self._findings.add("tpm.ak", where, "the AK has another qualified name")
            self._check_clock(where, name, told)
            if kind == "counter":
                self._check_counter(where, name, one, told)
            else:
                self._check_pcrs(where, tpm["pcrs"], told)

    def _signed(self, where, told, type_, one):
        try:
            if not isinstance(told, dict) or set(told) != {"attest", "signature"}:
                raise Bad("no attestation")
            data, signature = unbase64(told["attest"]), unbase64(told["signature"])
            if len(signature) != 64:
                raise Bad("a signature of another length")
            read = attest.Attest(data)
            if read.type != type_:
                raise Bad("an attestation of another kind")
        except Bad as error:
            self._findings.add("tpm.form", where, str(error))
            return None
        ak = one.ak
        if ak.type != attest.ECC or not openssl.ecdsa(ak.x, ak.y, data, signature):
            self._findings.add("tpm.signature", where, "the AK did not sign it")
            return None
        return read

    def _check_clock(self, where, name, told):
        last = self._last.setdefault(name, {})
        before = last.get("clock")
        now = (told.clock, told.resets, told.restarts)
        if not told.safe:
            self._findings.add("tpm.clock", where, "its clock is not safe")
        if before and (
            now[0] < before[0]
            or now[1] < before[1]
            or (now[1] == before[1] and now[2] < before[2])
        ):
            self._findings.add("tpm.clock", where, "its clock or a count of its starts fell")
        last["clock"] = now

    def _check_counter(self, where, name, one, told):
        last = self._last[name]
        value = int.from_bytes(told.contents, "big")
        if told.index.hex() != one.counter or told.offset or len(told.contents) != 8:
            self._findings.add("tpm.counter", where, "it certifies another index")
        elif value <= last.get("counter", -1):
            self._findings.add("tpm.counter", where, "the counter did not rise")
        last["counter"] = value

    def _check_pcrs(self, where, pcrs, told):
        right = isinstance(pcrs, dict) and sorted(pcrs) == sorted(PCRS)
        values = [pcrs[key] for key in PCRS] if right else []
        if not all(isinstance(one, str) and re.fullmatch("[0-9a-f]{64}", one) for one in values):
            right = False
        digest = sha256(bytes.fromhex("".join(values))).digest() if right else None
        if told.selection != [(0x000B, SELECTED)] or digest != told.digest:
            self._findings.add("tpm.pcr", where, "the PCRs are not those of the quote")
