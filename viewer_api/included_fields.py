"""What a search is asked to answer beside what it always answers (PS3.18 8.3.4.3). Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydicom.datadict import tag_for_keyword

from core.errors import InvalidQuery
from storage.dicom_json import JSONDataSet
from storage.element_tree import Tree
from storage.instance_header import KEPT_OF_REQUEST, REQUEST_ATTRIBUTES
from storage.query import Level
from viewer_api.attribute_levels import is_of_level

ATTRIBUTES_NAMED: Final = 200
DEEPEST: Final = 16
_ALL: Final = "all"
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_SPECIFIC_CHARACTER_SET: Final = 0x00080005
_BULKY: Final = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00008, 0x7FE00009, 0x7FE00010})
"""Given by `all` to nobody: pixel data and where its frames lie."""

Wanted = dict[int, "Wanted"]
"""Tags, each with what is wanted of its items; nothing where the items are wanted whole."""


def tag_of_step(step: str) -> int | None:
    """Return the tag of a keyword or of eight hexadecimal digits; None for anything else."""
    tag = tag_for_keyword(step)
    if tag is None and _TAG.fullmatch(step):
        tag = int(step, 16)
    return tag


class IncludedFields:
    """The values of `includefield`: attributes by keyword or tag, those in sequences by steps, or all."""

    def __init__(self, fields: Sequence[str]) -> None:
        """Raises InvalidQuery for more than ATTRIBUTES_NAMED."""
        names = [name.strip() for field in fields for name in field.split(",") if name.strip()]
        if len(names) > ATTRIBUTES_NAMED:
            raise InvalidQuery(f"Name at most {ATTRIBUTES_NAMED} attributes in includefield.")
        self.every = _ALL in names
        self.has_unknown = False
        self._wanted: Wanted = {}
        for name in names:
            if name != _ALL:
                self._want(name.split("."))
        if of_requests := self._wanted.get(REQUEST_ATTRIBUTES):
            of_requests |= {tag: {} for tag in KEPT_OF_REQUEST}  # given anyway

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.every or self._wanted)

    def beyond(self, level: Level, given: Iterable[int]) -> bool:
        """Whether more is wanted at a level than the attributes given anyway."""
        left = {tag for tag in self._wanted if is_of_level(tag, level)}
        left -= {tag for tag in given if tag != REQUEST_ATTRIBUTES}
        return self.every or bool(left - {_SPECIFIC_CHARACTER_SET})

    def of_tree(self, tree: Tree, level: Level) -> Tree:
        """Return the elements wanted of an instance, with what is needed to read them."""
        wanted = {tag for tag in tree if self._is_wanted(tag, level)}
        # PS3.5 7.8.1: a private element is nothing without its creator.
        wanted |= {tag & 0xFFFF0000 | tag >> 8 & 0xFF for tag in wanted if tag & 0x10000}
        return {tag: tree[tag] for tag in (wanted | {_SPECIFIC_CHARACTER_SET}) & tree.keys()}

    def of_data_set(self, data_set: JSONDataSet) -> JSONDataSet:
        """Return a data set with only those elements of its items that are wanted."""
        return data_set if self.every else {tag: self._pruned(tag, data_set[tag]) for tag in data_set}

    def _is_wanted(self, tag: int, level: Level) -> bool:
        if tag in self._wanted:
            return is_of_level(tag, level)
        return self.every and tag not in _BULKY and is_of_level(tag, level)

    def _want(self, steps: list[str]) -> None:
        tags = [tag_of_step(step) for step in steps[:DEEPEST]]
        if None in tags or len(steps) > DEEPEST:
            self.has_unknown = True
            return
        level = self._wanted
        for number, tag in enumerate(tags, start=1):
            is_new = tag not in level
            inner = level.setdefault(tag or 0, {})
            if number == len(tags):
                inner.clear()
            elif not is_new and not inner:
                return  # the whole of it is wanted already
            level = inner

    def _pruned(self, tag: str, element: dict[str, Any]) -> dict[str, Any]:
        return _with_only(element, self._wanted.get(int(tag, 16), {}))


def _with_only(element: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    if not wanted or element["vr"] != "SQ" or "Value" not in element:
        return element
    items = [
        {
            tag: _with_only(inner, wanted[int(tag, 16)])
            for tag, inner in item.items()
            if int(tag, 16) in wanted
        }
        for item in element["Value"]
    ]
    return {"vr": "SQ", "Value": items}
