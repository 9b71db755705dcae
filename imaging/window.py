"""Windows: which values are shown from black to white (PS3.3 C.11.2.1.2, C.11.2.1.3). Pure."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.multival import MultiValue

from core.errors import InvalidRequest

_FURTHEST_EXPONENT: Final = 700.0
"""Beyond it an exponential of 64 bits overflows; the sigmoid is 0 or 1 there."""


class WindowFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Center and width, in what the Modality LUT gives out.

    Raises:
        InvalidRequest: the width is below 1, or for a function other than LINEAR not above 0.
    """

    center: float
    width: float
    function: WindowFunction = WindowFunction.LINEAR

    def __post_init__(self) -> None:
        is_linear = self.function is WindowFunction.LINEAR
        wide_enough = self.width >= 1 if is_linear else self.width > 0
        if not (isfinite(self.center) and isfinite(self.width) and wide_enough):
            raise InvalidRequest("A window has a width of at least 1; LINEAR_EXACT and SIGMOID, more than 0.")

    def fractions(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return for each value how far from black to white it is shown, 0 to 1."""
        numbers = values.astype(np.float64)
        if self.function is WindowFunction.SIGMOID:
            exponent = np.clip(-4 * (numbers - self.center) / self.width, None, _FURTHEST_EXPONENT)
            return np.asarray(1 / (1 + np.exp(exponent)))
        if self.function is WindowFunction.LINEAR_EXACT:
            middle, width = self.center, self.width
        else:
            middle, width = self.center - 0.5, self.width - 1
        if width == 0:
            return (numbers > middle).astype(np.float64)
        return np.clip((numbers - middle) / width + 0.5, 0.0, 1.0)


def first_window(image: Dataset) -> Window | None:
    """Return the first window that an image names; None where it names none, or one of no width.

    Some devices write a width of 0 for none, which C.11.2.1.2.1 forbids.

    Raises:
        ValueError: its function is none that the standard knows.
    """
    center, width = _first(image.get("WindowCenter")), _first(image.get("WindowWidth"))
    if center is None or width is None:
        return None
    named = str(image.get("VOILUTFunction") or "").strip()
    function = WindowFunction(named) if named else WindowFunction.LINEAR
    try:
        return Window(center=float(center), width=float(width), function=function)
    except InvalidRequest:
        return None


def _first(value: Any) -> Any:
    if isinstance(value, MultiValue | list | tuple):
        value = value[0] if len(value) else None
    return None if value in (None, "") else value
