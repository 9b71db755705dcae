"""A tree of elements in the DICOM JSON model (PS3.18 F.2), with what is bulky by address.

Pure, and never failing on what devices write: a number that is none is given as the text that it is.
"""

import base64
import math
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from core.limits import KIB
from storage.character_sets import CharacterSets, character_sets
from storage.dicom_json import JSONDataSet, person_name
from storage.element_tree import Element, Tree
from storage.element_values import TEXT_IN_CHARACTER_SET, is_text, little_endian

SetsOf = Callable[[str], CharacterSets]

INLINE_LIMIT: Final = KIB
"""Longer binary values are given by address (F.2.6)."""
_SPECIFIC_CHARACTER_SET: Final = 0x00080005
_PIXEL_DATA: Final = 0x7FE00010
_ONE_VALUE: Final = frozenset({"LT", "ST", "UR", "UT"})
_LEADING_SPACE_MEANS_SOMETHING: Final = frozenset({"LT", "ST", "UC", "UR", "UT", "PN"})
_NUMBERS: Final = {
    "US": "H",
    "SS": "h",
    "UL": "L",
    "SL": "l",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
}


def tree_json(tree: Tree, bulk_url: str, sets_of: SetsOf = character_sets) -> JSONDataSet:
    """Return the data set that a tree holds, but for group lengths and the File Meta.

    What is bulky has an address below `bulk_url`, such as 7FE00010 or 54000100/1/54001010. `sets_of` says how
    text is decoded that is declared to be in some character set.
    """
    return _Writer(bulk_url, sets_of).data_set(tree, sets_of(""), "")


def decode(element: Element, sets: CharacterSets) -> list[str]:
    """Return the values of a text element, without padding."""
    raw = element.value or b""
    in_sets = element.vr in TEXT_IN_CHARACTER_SET
    text = sets.decode(raw, name=element.vr == "PN") if in_sets else raw.decode("latin_1")
    parts = [text] if element.vr in _ONE_VALUE else text.split("\\")
    if element.vr in _LEADING_SPACE_MEANS_SOMETHING:
        return [part.rstrip("\0 ") for part in parts]
    return [part.strip("\0 ") for part in parts]


class _Writer:
    """Walks a tree; nesting is bounded by NESTING_DEPTH since admission."""

    def __init__(self, bulk_url: str, sets_of: SetsOf) -> None:
        self._bulk_url = bulk_url
        self._sets_of = sets_of

    def data_set(self, tree: Tree, sets: CharacterSets, path: str) -> JSONDataSet:
        declared = tree.get(_SPECIFIC_CHARACTER_SET)
        if declared is not None and declared.value is not None:
            sets = self._sets_of(declared.value.decode("latin_1").strip("\0 "))
        written: JSONDataSet = {}
        for tag in sorted(tree):
            if tag & 0xFFFF and tag >> 16 > 2:
                written[f"{tag:08X}"] = self._element(tree[tag], sets, path)
        if declared is not None:
            written["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
        return written

    def _element(self, element: Element, sets: CharacterSets, path: str) -> dict[str, Any]:
        path = f"{path}{element.tag:08X}"
        vr = element.vr
        if element.items is not None:
            items = [
                self.data_set(item, sets, f"{path}/{number}/")
                for number, item in enumerate(element.items, start=1)
            ]
            return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        if element.length == 0 or vr == "SQ":
            return {"vr": vr}
        if element.value is None or element.tag == _PIXEL_DATA:
            return {"vr": vr, "BulkDataURI": f"{self._bulk_url}/{path}"}
        if vr in _NUMBERS or vr == "AT":
            return _with_values(vr, _numbers(element, vr))
        if is_text(vr):
            return _with_values(vr, [_text_value(vr, text) for text in decode(element, sets)])
        if element.length > INLINE_LIMIT:
            return {"vr": vr, "BulkDataURI": f"{self._bulk_url}/{path}"}
        value = little_endian(element.value, vr) if element.encoding.big_endian else element.value
        return {"vr": vr, "InlineBinary": base64.b64encode(value).decode()}


def _with_values(vr: str, values: list[Any]) -> dict[str, Any]:
    """F.2.5: an empty value among others is null, and nothing at all has no Value."""
    if all(value is None for value in values):
        return {"vr": vr}
    return {"vr": vr, "Value": values}


def _text_value(vr: str, text: str) -> Any:
    if not text:
        return None
    if vr == "PN":
        return person_name(text) or None
    if vr in {"IS", "DS"}:
        return _number(text, int if vr == "IS" else float)
    return text


def _number(text: str, kind: Callable[[str], float]) -> Any:
    try:
        number = kind(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _numbers(element: Element, vr: str) -> list[Any]:
    value = element.value or b""
    order = ">" if element.encoding.big_endian else "<"
    if vr == "AT":
        pairs = Struct(order + "HH")
        usable = value[: len(value) - len(value) % pairs.size]
        return [f"{group:04X}{number:04X}" for group, number in pairs.iter_unpack(usable)]
    form = Struct(order + _NUMBERS[vr])
    usable = value[: len(value) - len(value) % form.size]
    # JSON has no word for what is not finite; F.2.3 leaves strings for it.
    return [number if math.isfinite(number) else str(number) for (number,) in form.iter_unpack(usable)]
