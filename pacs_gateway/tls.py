"""DICOM over TLS: the context of the listener, and what a peer has proved (PS3.15 B.12, B.13).

Both profiles rest on BCP 195 (RFC 8996, RFC 9325): TLS 1.2 with ephemeral keys and AES-GCM, or TLS 1.3, and
nothing older, whatever the peer would like.
"""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from core.errors import Misconfigured
from pacs_gateway.settings import TlsSettings
from registry.certificate import Certificate, certificate_of

CIPHERS: Final = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
)
"""Of TLS 1.2 (RFC 9325 4.2); those of TLS 1.3 are all good."""
NOT_FOR_OTHERS: Final = 0o037
"""Permissions that the file of a private key may not give: its group may read it, nobody else anything."""

Name = tuple[tuple[tuple[str, str], ...], ...]


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context of the listener.

    Raises:
        Misconfigured: a file cannot be read or used, or others on this machine can read the key.
    """
    require_private(settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHERS))
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_COMPRESSION
    # A ticket would be sent into the first read of a sender that only writes.
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The TLS certificate {settings.certificate} and its key cannot be used: {_reason(error)}."
        ) from error
    try:
        context.load_verify_locations(settings.client_authorities)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The authorities of devices in {settings.client_authorities} cannot be used: {_reason(error)}."
        ) from error
    return context


def require_private(settings: TlsSettings) -> None:
    """Refuse a key that others can read. Raises Misconfigured."""
    try:
        mode = settings.key.stat().st_mode
    except OSError as error:
        raise Misconfigured(f"The TLS key {settings.key} cannot be read: {error.strerror}.") from error
    if mode & NOT_FOR_OTHERS:
        raise Misconfigured(f"Others can read the TLS key {settings.key}: chmod 600 {settings.key}")


def peer_certificate(connection: socket.socket) -> Certificate | None:
    """Return the certificate that the peer has proved to hold; None on a line without TLS."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    der, described = connection.getpeercert(binary_form=True), connection.getpeercert()
    if der is None or not described:
        return None  # cannot be: the handshake asked for one
    seconds = ssl.cert_time_to_seconds(str(described["notAfter"]))
    return certificate_of(
        der,
        subject=_in_words(described.get("subject", ())),  # type: ignore[arg-type] # a union of all values' types
        not_after=datetime.fromtimestamp(seconds, UTC),
    )


def has_pending(connection: socket.socket) -> bool:
    """Whether bytes are here that were decrypted already, of which the socket knows nothing any more."""
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


def say_goodbye(connection: socket.socket) -> None:
    """Tell a TLS peer that nothing was cut off (RFC 8446 6.1); only in the thread that reads."""
    if isinstance(connection, ssl.SSLSocket):
        with suppress(OSError, ValueError):
            connection.setblocking(False)
            connection.unwrap()  # says its word, and would then wait for the peer's


def _in_words(subject: Name) -> str:
    return ", ".join(f"{key}={value}" for part in subject for key, value in part)


def _no_password() -> str:
    raise ValueError("the key has a password")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "not in PEM form").replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
