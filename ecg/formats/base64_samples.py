"""Samples that XML holds in base64, of whatever width and order of bytes."""

import base64
import binascii
import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance

_SPACES: Final = re.compile(r"\s+")


def bytes_of(text: str) -> bytes:
    """Return the bytes of base64, whose padding may be missing. Raises InvalidInstance for what is none."""
    packed = _SPACES.sub("", text).rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInstance("The samples of this ECG are no base64: the file is damaged.") from None


def whole_numbers(content: bytes, *, width: int = 2, signed: bool = True) -> NDArray[Any]:
    """Return little-endian whole numbers of 1, 2 or 4 bytes; a part of one at the end is left out."""
    if width not in (1, 2, 4):
        raise InvalidInstance(f"Samples of {width} bytes are not read here.")
    return np.frombuffer(content, f"<{'i' if signed else 'u'}{width}", len(content) // width)
