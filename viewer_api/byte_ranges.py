"""Ranges of bytes in requests (RFC 9110, sections 13.1.5 and 14). Pure."""

import re
from dataclasses import dataclass
from typing import Final

from viewer_api.problems import RangeNotSatisfiable

_ONE_RANGE: Final = re.compile(r"bytes *= *([0-9]{0,18})-([0-9]{0,18}) *", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """Bytes from `first` to `last`, both included, of a representation of `whole` bytes."""

    first: int
    last: int
    whole: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The header that says so (14.4)."""
        return f"bytes {self.first}-{self.last}/{self.whole}"


def asked_range(
    range_header: str | None, if_range: str | None, *, whole: int, entity_tag: str
) -> ByteRange | None:
    """Return the range that is asked for; None for the whole, also where several or none that can be are.

    `If-Range` with another tag, or with a date, asks for the whole (13.1.5).

    Raises:
        RangeNotSatisfiable: the range begins behind the end.
    """
    found = _ONE_RANGE.fullmatch(range_header or "")
    if found is None or (if_range is not None and if_range.strip() != entity_tag):
        return None
    first, last = found.groups()
    if first:
        if last and int(last) < int(first):
            return None
        begin, end = int(first), min(int(last), whole - 1) if last else whole - 1
    elif last:
        begin, end = max(0, whole - int(last)), whole - 1
    else:
        return None
    if begin > end:
        raise RangeNotSatisfiable(whole)
    return ByteRange(first=begin, last=end, whole=whole)
