"""What a client accepts, and which of the forms that can be given suits it best (PS3.18 8.7.5, RFC 9110).

Pure. A form is a media type with the transfer syntax of the bytes; in a multipart answer it is that of the
parts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from viewer_api.problems import NotAcceptable

MULTIPART: Final = "multipart/related"
ANYTHING: Final = "*/*"
_PIECE: Final = re.compile(r'\s*;\s*([\w.+*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*')
_MEDIA_TYPE: Final = re.compile(r"\s*([\w.+*-]+/?[\w.+*-]*)")
_QUALITY: Final = re.compile(r"0|0?\.[0-9]{1,3}|0\.|1(\.0{0,3})?", re.ASCII)
"""RFC 9110 12.4.2, and without the zero, as Java writes it."""
_LONGEST: Final = 4096
_SPELLINGS: Final = {
    "image/x-jls": "image/jls",
    "image/x-dicom-rle": "image/dicom-rle",
    "video/mpeg2": "video/mpeg",
    "application/json": "application/dicom+json",
}
"""Older or looser names that clients still send."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way to give something out.

    A `named_only` form is given only to those who ask for its transfer syntax, or for any with `*`.
    """

    media_type: str
    transfer_syntax_uid: str | None = None
    named_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The form to give, and whether as parts of a multipart message."""

    form: Form
    is_multipart: bool


@dataclass(frozen=True, kw_only=True)
class MediaRange:
    """One alternative of an Accept header."""

    media_type: str
    parameters: dict[str, str]
    quality: float

    @property
    def is_multipart(self) -> bool:
        """Whether it asks for a multipart message, `type` saying of what."""
        return self.media_type in {MULTIPART, "multipart/*"}

    @property
    def wanted_type(self) -> str:
        """The media type wanted, of the parts where there are parts."""
        named = self.parameters.get("type", ANYTHING) if self.is_multipart else self.media_type
        return _SPELLINGS.get(named.lower(), named.lower())

    @property
    def wanted_transfer_syntax(self) -> str | None:
        """The transfer syntax wanted, `*` for any, None where nothing is said."""
        return self.parameters.get("transfer-syntax")


def media_type_of(header: str) -> MediaRange:
    """Read a Content-Type."""
    ranges = _ranges(header)
    return ranges[0] if ranges else MediaRange(media_type="", parameters={}, quality=1.0)


def choose(accept: str, forms: Sequence[Form], *, multipart: bool, single: bool) -> Chosen:
    """Return the form that suits best; `multipart` and `single` say in which ways it can be sent.

    Where the client leaves the choice, the first form wins, and multipart over single part.

    Raises:
        NotAcceptable: nothing suits.
    """
    for wanted in sorted(_ranges(accept or ANYTHING), key=_rank):
        for form in forms if wanted.quality > 0 else ():
            if not _suits(wanted, form):
                continue
            if wanted.is_multipart and multipart:
                return Chosen(form=form, is_multipart=True)
            if wanted.media_type == ANYTHING:
                return Chosen(form=form, is_multipart=multipart)
            if not wanted.is_multipart and single:
                return Chosen(form=form, is_multipart=False)
    offered = ", ".join(dict.fromkeys(_shown(form, multipart=multipart) for form in forms))
    raise NotAcceptable(f"This can be had as {offered}.")


def _suits(wanted: MediaRange, form: Form) -> bool:
    wanted_type = wanted.wanted_type
    # RFC 9110 8.3.1: in letters of either case, as in video/H265.
    given_type = form.media_type.lower()
    if wanted_type not in {ANYTHING, given_type, given_type.split("/")[0] + "/*"}:
        return False
    transfer_syntax = wanted.wanted_transfer_syntax
    if transfer_syntax is None:
        return not form.named_only
    return transfer_syntax in {"*", form.transfer_syntax_uid}


def _rank(wanted: MediaRange) -> tuple[float, int]:
    """Order by quality, then by how exactly the type is named; equals stay as they were sent."""
    return -wanted.quality, wanted.wanted_type.count("*")


def _shown(form: Form, *, multipart: bool) -> str:
    shown = f'{MULTIPART}; type="{form.media_type}"' if multipart else form.media_type
    return f"{shown}; transfer-syntax={form.transfer_syntax_uid}" if form.transfer_syntax_uid else shown


def _ranges(header: str) -> list[MediaRange]:
    """Read the alternatives; what cannot be read ends the list."""
    ranges: list[MediaRange] = []
    position = 0
    header = header[:_LONGEST]
    while (name := _MEDIA_TYPE.match(header, position)) is not None:
        position = name.end()
        parameters: dict[str, str] = {}
        while (piece := _PIECE.match(header, position)) is not None:
            position = piece.end()
            parameters[piece[1].lower()] = _unquoted(piece[2])
        quality = parameters.pop("q", "1")
        ranges.append(
            MediaRange(
                media_type=ANYTHING if name[1] == "*" else name[1].lower(),
                parameters=parameters,
                quality=float(quality) if _QUALITY.fullmatch(quality) else 0.0,
            )
        )
        comma = re.compile(r"\s*,").match(header, position)
        if comma is None:
            break
        position = comma.end()
    return ranges


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
