"""One group of a stored instance as the library's data set: only what is wanted of it is read."""

from pydicom import Dataset, config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from core.limits import HEADER_VALUE_LIMIT
from storage.element_tree import Tree
from storage.element_values import little_endian
from storage.instance_content import Content

# Devices' values are what they are; a warning about each would quote it.
config.settings.reading_validation_mode = config.IGNORE


def data_set_of(content: Content, *, group: int, longest_value: int) -> Dataset:
    """Return the elements of one group and all that is nested in them, but for longer values than that.

    What was written in big endian is given in little endian.
    """
    wanted = {tag: element for tag, element in content.tree.items() if tag >> 16 == group}
    dataset = Dataset(_raw_elements(content, wanted, longest_value))
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    return dataset


def nested_data_set(content: Content, item: Tree, longest_value: int = HEADER_VALUE_LIMIT) -> Dataset:
    """Return an item of a sequence as a data set, but for longer values than that."""
    return Dataset(_raw_elements(content, item, longest_value))


def _raw_elements(
    content: Content, tree: Tree, longest_value: int
) -> dict[BaseTag, DataElement | RawDataElement]:
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    for tag, element in tree.items():
        if element.fragmented:
            continue
        key = BaseTag(tag)
        if element.items is not None:
            items = [Dataset(_raw_elements(content, item, longest_value)) for item in element.items]
            elements[key] = DataElement(key, "SQ", Sequence(items))
            continue
        if element.length > longest_value:
            continue
        value = content.value(element)
        is_little_endian = not element.encoding.big_endian
        if not is_little_endian and element.vr == "OW":
            value, is_little_endian = little_endian(value, "OW"), True
        elements[key] = RawDataElement(key, element.vr, len(value), value, 0, False, is_little_endian)
    return elements
