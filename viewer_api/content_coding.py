"""Answers in gzip for who takes it (RFC 9110 12.5.3): a study's metadata is a tenth on a slow line."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from starlette.requests import Request

_GZIP: Final = 16 + zlib.MAX_WBITS
_NAMES: Final = frozenset({"gzip", "x-gzip"})
_REFUSED: Final = re.compile(r"\s*q\s*=\s*0(\.0{0,3})?\s*", re.ASCII)
CHOSEN_BY: Final = "Accept, Accept-Encoding"


def accepts_gzip(request: Request) -> bool:
    """Whether the client says that it takes gzip; who says nothing gets the bytes as they are."""
    for coding in ",".join(request.headers.getlist("accept-encoding")).split(","):
        name, _, quality = coding.partition(";")
        if name.strip().lower() in _NAMES:
            return _REFUSED.fullmatch(quality) is None
    return False


def zipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in gzip."""
    packer = zlib.compressobj(wbits=_GZIP)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
