"""What becomes of pixel data in each transfer syntax: decoded, handed on only, or not known. Pure."""

from enum import StrEnum
from typing import Final

from pydicom.uid import UID

NATIVE: Final = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    }
)
_NAMES: Final = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}
"""Newer than the library's dictionary."""


class Loss(StrEnum):
    """What a transfer syntax takes away from the pixels."""

    NONE = "nothing"
    SOME = "something"


DECODED: Final = {
    **dict.fromkeys(sorted(NATIVE), Loss.NONE),
    "1.2.840.10008.1.2.1.98": Loss.NONE,
    "1.2.840.10008.1.2.8.1": Loss.NONE,
    "1.2.840.10008.1.2.5": Loss.NONE,
    "1.2.840.10008.1.2.4.57": Loss.NONE,
    "1.2.840.10008.1.2.4.70": Loss.NONE,
    "1.2.840.10008.1.2.4.80": Loss.NONE,
    "1.2.840.10008.1.2.4.90": Loss.NONE,
    "1.2.840.10008.1.2.4.110": Loss.NONE,
    "1.2.840.10008.1.2.4.201": Loss.NONE,
    "1.2.840.10008.1.2.4.202": Loss.NONE,
    "1.2.840.10008.1.2.4.50": Loss.SOME,
    "1.2.840.10008.1.2.4.51": Loss.SOME,
    "1.2.840.10008.1.2.4.81": Loss.SOME,
    "1.2.840.10008.1.2.4.91": Loss.SOME,
    "1.2.840.10008.1.2.4.111": Loss.SOME,
    "1.2.840.10008.1.2.4.112": Loss.SOME,
    "1.2.840.10008.1.2.4.203": Loss.SOME,
}
"""What is decoded, and whether the pixels are those that the device had."""
NOT_DECODED: Final = {
    "1.2.840.10008.1.2.4.92": "no decoder of parts beyond JPEG 2000 part 1",
    "1.2.840.10008.1.2.4.93": "no decoder of parts beyond JPEG 2000 part 1",
    "1.2.840.10008.1.2.4.94": "the pixels are at an address of the sender's (JPIP)",
    "1.2.840.10008.1.2.4.95": "the pixels are at an address of the sender's (JPIP)",
    "1.2.840.10008.1.2.4.204": "the pixels are at an address of the sender's (JPIP)",
    "1.2.840.10008.1.2.4.205": "the pixels are at an address of the sender's (JPIP)",
}
"""Kept and given out as received, and why it is not shown. Video is handed on whole; what is not named here
is retired or private."""


def named(transfer_syntax_uid: str) -> str:
    """Return a transfer syntax by name and UID; by UID alone where it has no name that we know."""
    name = _NAMES.get(transfer_syntax_uid) or UID(transfer_syntax_uid).name
    return transfer_syntax_uid if name == transfer_syntax_uid else f"{name} ({transfer_syntax_uid})"


def is_lossless(transfer_syntax_uid: str) -> bool:
    """Whether decoding gives back what the device compressed."""
    return DECODED.get(transfer_syntax_uid) is Loss.NONE
