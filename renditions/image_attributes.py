"""What an instance says of one of its frames: how to read it, how to show it, what is drawn over it."""

from typing import Final

from pydicom import Dataset

from core.limits import MIB
from imaging.functional_groups import PER_FRAME, SHARED, apply_functional_groups
from imaging.overlay import OVERLAY_GROUPS
from storage.element_data_set import data_set_of, nested_data_set
from storage.element_tree import Tree
from storage.instance_content import Content

_IMAGE_GROUPS: Final = (0x0028, 0x2050)
"""The image, and how it is presented."""
_INTENT: Final = 0x00080068
_LONGEST_TABLE: Final = MIB
"""No lookup table of the standard is longer."""
_LONGEST_OVERLAY: Final = 8 * MIB
"""A plane of FRAME_PIXELS is 5 MB; planes of many frames together that are longer are not drawn."""


def image_attributes(content: Content, number: int) -> Dataset:
    """Return the attributes of frame `number` (from 1), without its pixels."""
    image = data_set_of(content, groups=_IMAGE_GROUPS, longest_value=_LONGEST_TABLE)
    image.update(data_set_of(content, groups=OVERLAY_GROUPS, longest_value=_LONGEST_OVERLAY))
    if _INTENT in content.tree:
        image.update(nested_data_set(content, {_INTENT: content.tree[_INTENT]}))
    apply_functional_groups(image, [nested_data_set(content, item) for item in _groups_of(content, number)])
    return image


def _groups_of(content: Content, number: int) -> list[Tree]:
    """Return the items of functional groups that count for a frame (PS3.3 C.7.6.16.1.1)."""
    items = []
    for tag, place in ((SHARED, 0), (PER_FRAME, number - 1)):
        element = content.tree.get(tag)
        if element is not None and element.items is not None and place < len(element.items):
            items.append(element.items[place])
    return items
