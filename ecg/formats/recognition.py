"""Which kind of ECG file something is, by its content and not by its name, and its reading."""

from collections.abc import Callable, Mapping
from typing import Final

from core.errors import InvalidInstance
from ecg.document import EcgDocument, EcgFormat
from ecg.formats import aecg, edf, ishne, mfer, muse, scp, sierra, wfdb
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
_BEGINNINGS: Final[tuple[tuple[EcgFormat, Callable[[bytes], bool]], ...]] = (
    (EcgFormat.DICOM, lambda head: head[128:132] == b"DICM"),
    (EcgFormat.PDF, lambda head: b"%PDF-" in head[:1024]),
    (EcgFormat.ISHNE, lambda head: head[:8] == ishne.MAGIC),
    (EcgFormat.EDF, edf.looks_like_edf),
    (EcgFormat.MFER, mfer.looks_like_mfer),
    (EcgFormat.SCP_ECG, looks_like_scp),
    (EcgFormat.WFDB, wfdb.looks_like_wfdb),
)

_READERS: Final[dict[EcgFormat, Callable[[bytes], EcgDocument]]] = {
    EcgFormat.AECG: aecg.read,
    EcgFormat.EDF: edf.read,
    EcgFormat.ISHNE: ishne.read,
    EcgFormat.MFER: mfer.read,
    EcgFormat.MUSE: muse.read,
    EcgFormat.SCP_ECG: scp.read,
    EcgFormat.SIERRA: sierra.read,
}


def recognise(head: bytes, name: str = "") -> EcgFormat | None:
    """Return what a file is by its first HEAD bytes, None for what is no ECG file.

    The name only decides for an MFER file without its preamble, whose first byte could begin anything.
    """
    head = head[:HEAD]
    for kind, begins in _BEGINNINGS:
        if begins(head):
            return kind
    return _xml(head) or (EcgFormat.MFER if name.lower().endswith(_MFER_NAMES) else None)


def _xml(head: bytes) -> EcgFormat | None:
    if b"<" not in head[:256]:
        return None
    text, _ = decoded(head[: len(head) & ~1])
    return next((kind for name, kind in _ROOTS.items() if f"<{name}" in text or f":{name}" in text), None)


def read_file(content: bytes, companions: Mapping[str, bytes] | None = None, name: str = "") -> EcgDocument:
    """Read an ECG file of any kind; `companions` are the files beside it, by name.

    A PDF is a document without recordings. Of a WFDB record either the header is given and the signal files
    are its companions, or a signal file whose companions hold the header.
    Raises InvalidInstance for what is none or cannot be read, TooLarge beyond the limits.
    """
    kind = recognise(content, name)
    if kind is EcgFormat.PDF:
        return EcgDocument(format=EcgFormat.PDF, recordings=())
    if kind is EcgFormat.WFDB:
        return wfdb.read(content, companions or {})
    if kind is None and name:
        for header in (companions or {}).values():
            if wfdb.looks_like_wfdb(header[:HEAD]) and name in wfdb.header_of(header).files:
                return wfdb.read(header, {**(companions or {}), name: content})
    reader = _READERS.get(kind) if kind else None
    if reader is None:
        raise InvalidInstance("This is no ECG file of a kind that is read here.")
    return reader(content)
