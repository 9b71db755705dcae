"""multipart/related (RFC 2387), as DICOMweb wraps what it gives out (PS3.18 8.6.1.2)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.responses import StreamingResponse

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
        media_type=f'{MULTIPART}; type="{part_type}"; boundary={boundary}',
        headers=headers,
    )


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
        head = [f"--{boundary}", f"Content-Type: {part.content_type}", f"Content-Location: {part.location}"]
        if part.length is not None:
            head.append(f"Content-Length: {part.length}")
        chunks = iter(part.chunks)
        yield "\r\n".join([*head, "", ""]).encode() + next(chunks, b"")
        yield from chunks
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()
