"""The DICOM JSON model (PS3.18 annex F): elements by tag, values by VR. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from pydicom.datadict import dictionary_VR, tag_for_keyword

JSONDataSet = dict[str, Any]
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_UTF_8: Final = {"vr": "CS", "Value": ["ISO_IR 192"]}


def encoded(content: Any) -> bytes:
    """Return JSON in UTF-8 (F.2)."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def data_set(values: Mapping[str, Any]) -> JSONDataSet:
    """Return a data set from values by keyword, in order of tags; None and "" are empty (F.2.5)."""
    by_tag = {tag_of(keyword): element(vr_of(keyword), value) for keyword, value in values.items()}
    by_tag["00080005"] = _UTF_8
    return dict(sorted(by_tag.items()))


def item(values: Mapping[str, Any]) -> JSONDataSet:
    """Return an item of a sequence from values by keyword; its text is in the character set around it."""
    written = data_set(values)
    del written["00080005"]
    return written


def element(vr: str, value: Any) -> dict[str, Any]:
    """Return one element of one value, or of several where `value` is a sequence."""
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    found = [_value(vr, one) for one in several if one is not None and one != ""]
    return {"vr": vr, "Value": found} if found else {"vr": vr}


def person_name(text: str) -> dict[str, str]:
    """Return the component groups that a name has (F.2.2)."""
    return {group: part for group, part in zip(_GROUPS, text.split("="), strict=False) if part}


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
