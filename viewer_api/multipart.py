"""multipart/related (RFC 2387), as DICOMweb wraps what it gives out (PS3.18 8.6.1.2)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from viewer_api.media_types import MULTIPART


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part, its bytes yet to come; `length` where it is known before."""

    content_type: str
    location: str
    chunks: Iterable[bytes]
    length: int | None = None


def related(parts: Iterable[Part], part_type: str, headers: dict[str, str]) -> StreamingResponse:
    """Return a message of parts of one media type.

    The first bytes are fetched before this returns, so that what is wrong with them is still an error of the
    request and not a cut connection.
    """
    boundary = secrets.token_hex(16)
    return StreamingResponse(
        begun(_message(parts, boundary)),
        media_type=_media_type(part_type, boundary),
        headers=headers,
    )


class WholePart(Response):
    """A message of one part that is in memory already: sent with its length, and not copied once more."""

    def __init__(self, part: Part, part_type: str, headers: dict[str, str]) -> None:
        boundary = secrets.token_hex(16)
        self._pieces = [_head(part, boundary), *part.chunks, _end(boundary)]
        length = str(sum(map(len, self._pieces)))
        super().__init__(
            media_type=_media_type(part_type, boundary), headers=headers | {"Content-Length": length}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces as they are."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": self._pieces[-1]})


def _media_type(part_type: str, boundary: str) -> str:
    return f'{MULTIPART}; type="{part_type}"; boundary={boundary}'


def begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same bytes, the first chunk of them fetched already."""
    first = next(chunks, b"")

    def all_chunks() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_chunks()


def part_type(media_type: str, transfer_syntax_uid: str | None) -> str:
    """Return a media type with its transfer syntax (PS3.18 8.7.3.5)."""
    return f"{media_type}; transfer-syntax={transfer_syntax_uid}" if transfer_syntax_uid else media_type


def _message(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    for part in parts:
        chunks = iter(part.chunks)
        yield _head(part, boundary) + next(chunks, b"")
        yield from chunks
        yield b"\r\n"
    yield _end(boundary)[2:]


def _head(part: Part, boundary: str) -> bytes:
    lines = [f"--{boundary}", f"Content-Type: {part.content_type}", f"Content-Location: {part.location}"]
    if part.length is not None:
        lines.append(f"Content-Length: {part.length}")
    return "\r\n".join([*lines, "", ""]).encode()


def _end(boundary: str) -> bytes:
    """Return what follows the last byte of the last part."""
    return f"\r\n--{boundary}--\r\n".encode()
