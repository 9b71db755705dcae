"""What the functional groups of an enhanced image say of one frame (PS3.3 C.7.6.16). Pure."""

from collections.abc import Iterable
from typing import Final

from pydicom import Dataset

SHARED, PER_FRAME = 0x52009229, 0x52009230
_FRAME_VOI_LUT: Final = "FrameVOILUTSequence"
_PIXEL_VALUE_TRANSFORMATION: Final = "PixelValueTransformationSequence"
_REPLACED: Final = {
    _FRAME_VOI_LUT: ("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    _PIXEL_VALUE_TRANSFORMATION: ("RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence"),
}
"""C.7.6.16.2.9 and C.7.6.16.2.10: each macro, and the attributes of the image that it stands in place of."""


def apply_functional_groups(image: Dataset, groups: Iterable[Dataset]) -> None:
    """Make the image say what its functional groups say of this frame.

    `groups` are the item of the shared groups and that of the frame; the later one counts (C.7.6.16.1.1: a
    macro is in one of them, never in both).
    """
    for group in groups:
        for sequence, keywords in _REPLACED.items():
            items = group.get(sequence)
            if not items:
                continue
            for keyword in keywords:
                if keyword in image:
                    delattr(image, keyword)
                if keyword in items[0]:
                    image[keyword] = items[0][keyword]
