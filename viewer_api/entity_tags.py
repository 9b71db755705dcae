"""ETags in requests (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2)."""

import re
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Header

from core.errors import InvalidRequest, VersionRequired

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_EACH: Final = re.compile(_TAG)
# Possessive throughout: a header of many blanks and commas must not be tried in every possible way.
_TAGS: Final = re.compile(rf"[ \t,]*+{_TAG}(?:[ \t]*+,[ \t]*+(?:{_TAG})?+)*+[ \t]*+")
_VERSION: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"', re.ASCII)
_NO_VERSION: Final = -1
"""Equal to no version there is: the room refuses it as stale and keeps the words."""

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag of the draft that was read.", examples=['"3"']),
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="The ETag of what is held already.")
]


def draft_tag(version: int) -> str:
    """Return the strong ETag of a version of a draft."""
    return f'"{version}"'


def version_seen(if_match: str | None, present: Callable[[], int]) -> int | None:
    """Return the version that If-Match names, None without the header; of several, the present one if named.

    Only a strong tag can match (13.1.1): any other names no version at all.

    Raises:
        InvalidRequest: the header is no list of ETags.
        VersionRequired: `*`, which would write over words that nobody has seen.
    """
    if if_match is None:
        return None
    if if_match.strip() == "*":
        raise VersionRequired("If-Match: * names no version: send the ETag that you were given.")
    versions = {int(found[1]) for tag in _tags(if_match) if (found := _VERSION.fullmatch(tag))}
    if len(versions) > 1:
        versions &= {present()}
    return versions.pop() if versions else _NO_VERSION


def is_held(if_none_match: str | None, entity_tag: str) -> bool:
    """Whether the client holds this representation; the comparison is the weak one (13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return entity_tag in {tag.removeprefix("W/") for tag in _tags(if_none_match)}


def _tags(header: str) -> list[str]:
    if not _TAGS.fullmatch(header):
        raise InvalidRequest("If-Match and If-None-Match hold ETags, each in double quotes.")
    return _EACH.findall(header)
