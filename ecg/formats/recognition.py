"""Which kind of ECG file something is, by its content and not by its name, and its reading."""

from collections.abc import Callable, Mapping
from typing import Final

from core.errors import InvalidInstance
from ecg.document import EcgDocument, EcgFormat
from ecg.formats import aecg, muse, scp, sierra
from ecg.formats.plain_xml import decoded
from ecg.formats.scp_sections import looks_like_scp

HEAD: Final = 64 * 1024
"""So many bytes from its beginning tell what a file is."""
_ROOTS: Final = {
    "AnnotatedECG": EcgFormat.AECG,
    "RestingECG": EcgFormat.MUSE,
    "restingecgdata": EcgFormat.SIERRA,
}
_MFER_NAMES: Final = (".mwf", ".mfr", ".mfer")

_READERS: Final[dict[EcgFormat, Callable[[bytes], EcgDocument]]] = {
    EcgFormat.AECG: aecg.read,
    EcgFormat.MUSE: muse.read,
    EcgFormat.SCP_ECG: scp.read,
    EcgFormat.SIERRA: sierra.read,
}


def recognise(head: bytes, name: str = "") -> EcgFormat | None:
    """Return what a file is by its first HEAD bytes, None for what is no ECG file.

    The name only decides for an MFER file without its preamble, whose first byte could begin anything.
    """
    if head[128:132] == b"DICM":
        return EcgFormat.DICOM
    if b"%PDF-" in head[:1024]:
        return EcgFormat.PDF
    if head[:1] == b"\x40" and head[2:6] == b"MFR ":
        return EcgFormat.MFER
    if looks_like_scp(head):
        return EcgFormat.SCP_ECG
    return _xml(head) or (EcgFormat.MFER if name.lower().endswith(_MFER_NAMES) else None)


def _xml(head: bytes) -> EcgFormat | None:
    if b"<" not in head[:256]:
        return None
    text, _ = decoded(head[: HEAD & ~1])
    return next((kind for name, kind in _ROOTS.items() if f"<{name}" in text or f":{name}" in text), None)


def read_file(
    content: bytes,
    companions: Mapping[str, bytes] | None = None,  # noqa: ARG001 - for records of several files
    name: str = "",
) -> EcgDocument:
    """Read an ECG file of any kind; `companions` are the files beside it, by name.

    Raises InvalidInstance for what is none or cannot be read, TooLarge beyond the limits.
    """
    kind = recognise(content[:HEAD], name)
    reader = _READERS.get(kind) if kind else None
    if reader is None:
        raise InvalidInstance("This is no ECG file of a kind that is read here.")
    return reader(content)
