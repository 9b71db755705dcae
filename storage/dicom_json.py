"""The DICOM JSON model (PS3.18 annex F): elements by tag, values by VR. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from pydicom.datadict import dictionary_VR, tag_for_keyword

JSONDataSet = dict[str, Any]
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_CHARACTER_SET: Final = "SpecificCharacterSet"
_LAYOUTS: Final = 256
"""Sets of keywords that are remembered: each answer of ours has one of few."""
_UTF_8: Final = {"vr": "CS", "Value": ["ISO_IR 192"]}
_WRITTEN_UTF_8: Final = '"ISO_IR 192"'
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encoded(content: Any) -> bytes:
    """Return JSON in UTF-8 (F.2)."""
    return _written(content).encode()


def data_set(values: Mapping[str, Any]) -> JSONDataSet:
    """Return a data set from values by keyword, in order of tags; None and "" are empty (F.2.5)."""
    return {
        tag: _UTF_8 if keyword == _CHARACTER_SET else element(vr, values[keyword])
        for tag, vr, keyword in _in_order(tuple(values))
    }


def encoded_data_sets(several: Iterable[Mapping[str, Any]]) -> bytes:
    """Return what `encoded` makes of the `data_set` of each, without making them: for long lists."""
    return f"[{','.join(map(_written_data_set, several))}]".encode()


def _written_data_set(values: Mapping[str, Any]) -> str:
    members = []
    for beginning, vr, keyword in _beginnings(tuple(values)):
        found = _WRITTEN_UTF_8 if keyword == _CHARACTER_SET else _written_values(vr, values[keyword])
        members.append(f'{beginning},"Value":[{found}]}}' if found else f"{beginning}}}")
    return f"{{{','.join(members)}}}"


def _written_values(vr: str, value: Any) -> str:
    """Return the values of an element as they stand between the brackets."""
    kind = type(value)
    if kind is str:
        if vr == "PN":
            return _written_name(value) if value else ""
        return encode_basestring(value) if value else ""
    if value is None:
        return ""
    if kind is int:
        return str(value)
    if kind is tuple or kind is list:
        return ",".join(found for one in value if (found := _written_values(vr, one)))
    if isinstance(value, date):
        return f'"{_value(vr, value)}"'
    return _written(value)


def _written_name(text: str) -> str:
    parts = [f'"{group}":{encode_basestring(part)}' for group, part in person_name(text).items()]
    return f"{{{','.join(parts)}}}"


@lru_cache(_LAYOUTS)
def _beginnings(keywords: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return how each element of these begins when it is written, its VR and keyword, in order of tags."""
    return tuple((f'"{tag}":{{"vr":"{vr}"', vr, keyword) for tag, vr, keyword in _in_order(keywords))


@lru_cache(_LAYOUTS)
def _in_order(keywords: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return tag, VR and keyword of the elements, and of the character set, in order of tags."""
    return tuple(sorted((tag_of(each), vr_of(each), each) for each in {*keywords, _CHARACTER_SET}))


def item(values: Mapping[str, Any]) -> JSONDataSet:
    """Return an item of a sequence from values by keyword; its text is in the character set around it."""
    written = data_set(values)
    del written["00080005"]
    return written


def element(vr: str, value: Any) -> dict[str, Any]:
    """Return one element of one value, or of several where `value` is a sequence."""
    several = value if isinstance(value, (tuple, list)) else [value]
    found = [_value(vr, one) for one in several if one is not None and one != ""]
    return {"vr": vr, "Value": found} if found else {"vr": vr}


def person_name(text: str) -> dict[str, str]:
    """Return the component groups that a name has (F.2.2)."""
    return {group: part for group, part in zip(_GROUPS, text.split("="), strict=False) if part}


@cache
def tag_of(keyword: str) -> str:
    """Return the tag of a keyword as the eight hexadecimal digits of a member name."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return f"{tag:08X}"


@cache
def vr_of(keyword: str) -> str:
    """Return the VR of a keyword."""
    return dictionary_VR(int(tag_of(keyword), 16))[:2]


def _value(vr: str, value: Any) -> Any:
    if vr == "PN":
        return person_name(value)
    if isinstance(value, date):
        return value.isoformat().replace("-", "")
    return value
