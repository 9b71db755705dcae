"""Values of a DICOM data set as they are, or nothing: a device may have written anything."""

import math
import struct
from collections.abc import Iterable
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

_LIBRARY_ERRORS: Final = (
    ArithmeticError,
    BytesLengthException,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the library raises on values that are not what their VR says."""


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Return what stands there, None for what the library can make nothing of."""
    try:
        return dataset.get(keyword)
    except _LIBRARY_ERRORS:
        return None


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence."""
    value = value_of(dataset, keyword)
    return [item for item in value if isinstance(item, Dataset)] if isinstance(value, Iterable) else []


def bytes_of(dataset: Dataset, keyword: str) -> bytes:
    """Return bytes, none where there is something else."""
    value = value_of(dataset, keyword)
    return value if isinstance(value, bytes) else b""


def text_of(dataset: Dataset, keyword: str) -> str:
    """Return a value as text without its padding."""
    value = value_of(dataset, keyword)
    return "" if value is None else str(value).strip("\0 ")


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return a finite number, None for whatever is none."""
    try:
        number = float(value_of(dataset, keyword))
    except (OverflowError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
