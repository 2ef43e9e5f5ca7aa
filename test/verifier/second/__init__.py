"""A second verifier of the audit log, written from packaging/doc/audit-format.md alone."""
