"""Reads a certificate from a file that an engineer brings: PEM or DER."""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import InvalidRequest
from registry.certificate import Certificate, certificate_of

LONGEST_FILE: Final = 64 * 1024
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


def read_certificate(path: Path) -> Certificate:
    """Return the first certificate in a file. Raises InvalidRequest where there is none to read."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST_FILE)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error
    return certificate_in(content, called=str(path))


def certificate_in(content: bytes, *, called: str) -> Certificate:
    """Return the first certificate in what such a file holds; a refusal says what it is `called`."""
    try:
        if _PEM in content:
            found = x509.load_pem_x509_certificate(content[content.index(_PEM) :])
        else:
            found = x509.load_der_x509_certificate(content)
        subject = ", ".join(f"{part.rfc4514_attribute_name}={part.value!s}" for part in found.subject)
        return certificate_of(
            found.public_bytes(Encoding.DER), subject=subject, not_after=found.not_valid_after_utc
        )
    except ValueError as error:
        raise InvalidRequest(f"{called} holds no X.509 certificate.") from error
