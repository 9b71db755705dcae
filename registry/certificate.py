"""What is kept of a device's X.509 certificate.

Which one it is, its fingerprint says alone: two authorities may give out the same name.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.text import escaped

SUBJECT_LENGTH: Final = 200


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate: SHA-256 of its DER form in hexadecimal; subject and end of validity are for people."""

    fingerprint: str
    subject: str
    not_after: datetime


def certificate_of(der: bytes, *, subject: str, not_after: datetime) -> Certificate:
    """Return what is kept of a certificate in DER form; its subject made harmless to print."""
    return Certificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=escaped(subject)[:SUBJECT_LENGTH],
        not_after=not_after,
    )
