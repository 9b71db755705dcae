"""Stored values taken out of what is allocated for them (PS3.5 8.1.1). Pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset


def stored_values(allocated: NDArray[Any], image: Dataset) -> NDArray[Any]:
    """Return the bits between High Bit and Bits Stored below it, with their sign; what is around them is
    no part of the value, whatever it holds.

    Raises:
        ValueError: the attributes name bits that are not there.
    """
    size = 8 * allocated.dtype.itemsize
    stored = int(image.BitsStored)
    high = image.get("HighBit")
    high = stored - 1 if high is None else int(high)
    if int(image.BitsAllocated) == 1 or (stored == size and high == size - 1):
        return allocated
    if not 1 <= stored <= high + 1 <= size:
        raise ValueError("Bits Stored and High Bit do not lie in what is allocated")
    if allocated.dtype.kind == "u" and high == stored - 1:
        kept: NDArray[Any] = np.bitwise_and(allocated, allocated.dtype.type(2**stored - 1))
        return kept
    # Up to the top, so that the sign is where the machine expects it, and down again.
    raised = np.left_shift(allocated, size - 1 - high)
    values: NDArray[Any] = np.right_shift(raised, size - stored)
    return values
