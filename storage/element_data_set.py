"""Some groups of a stored instance as the library's data set: only what is wanted of it is read."""

from collections.abc import Collection
from dataclasses import replace

from pydicom import Dataset, config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from core.limits import HEADER_VALUE_LIMIT
from storage.character_sets import CharacterSets, character_sets
from storage.element_json import SetsOf, decode
from storage.element_tree import Element, Tree
from storage.element_values import TEXT_IN_CHARACTER_SET, little_endian
from storage.instance_content import Content

# Devices' values are what they are; a warning about each would quote it.
config.settings.reading_validation_mode = config.IGNORE
_SPECIFIC_CHARACTER_SET = 0x00080005


def data_set_of(
    content: Content, *, groups: Collection[int], longest_value: int, sets_of: SetsOf = character_sets
) -> Dataset:
    """Return the elements of some groups and all that is nested in them, but for longer values than that.

    What was written in big endian is given in little endian, and text as `sets_of` decodes it.
    """
    writer = _Writer(content, longest_value, sets_of)
    dataset = Dataset(writer.elements(content.tree, sets_of(""), groups))
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    return dataset


def nested_data_set(content: Content, item: Tree, longest_value: int = HEADER_VALUE_LIMIT) -> Dataset:
    """Return an item of a sequence as a data set, but for longer values than that."""
    return Dataset(_Writer(content, longest_value, character_sets).elements(item, character_sets("")))


class _Writer:
    """Walks a tree; nesting is bounded by NESTING_DEPTH since admission."""

    def __init__(self, content: Content, longest_value: int, sets_of: SetsOf) -> None:
        self._content = content
        self._longest_value = longest_value
        self._sets_of = sets_of

    def elements(
        self, tree: Tree, sets: CharacterSets, groups: Collection[int] | None = None
    ) -> dict[BaseTag, DataElement | RawDataElement]:
        declared = tree.get(_SPECIFIC_CHARACTER_SET)
        if declared is not None and declared.value is not None:
            sets = self._sets_of(declared.value.decode("latin_1").strip("\0 "))
        return {
            BaseTag(tag): self._element(element, sets)
            for tag, element in tree.items()
            if self._is_wanted(element) and (groups is None or tag >> 16 in groups)
        }

    def _is_wanted(self, element: Element) -> bool:
        return not element.fragmented and (element.items is not None or element.length <= self._longest_value)

    def _element(self, element: Element, sets: CharacterSets) -> DataElement | RawDataElement:
        key = BaseTag(element.tag)
        if element.items is not None:
            return DataElement(
                key, "SQ", Sequence([Dataset(self.elements(item, sets)) for item in element.items])
            )
        value = self._content.value(element)
        if element.vr in TEXT_IN_CHARACTER_SET:
            decoded = decode(replace(element, value=value), sets)
            return DataElement(key, element.vr, decoded[0] if len(decoded) == 1 else decoded)
        is_little_endian = not element.encoding.big_endian
        if not is_little_endian and element.vr == "OW":
            value, is_little_endian = little_endian(value, "OW"), True
        return RawDataElement(key, element.vr, len(value), value, 0, False, is_little_endian)
