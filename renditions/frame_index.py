"""Where the frames of an instance lie, with the digest of each, packed into pages. Pure."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import StorageUnavailable
from imaging.frames import FrameRange, frame_of

FRAMES_IN_A_PAGE: Final = 128
"""One page is read for one frame: seven kilobytes at most."""
_ENTRY: Final = struct.Struct("<QQL32s")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFrame:
    """One frame: its range counts from where the data set begins, `digest` is the range's SHA-256."""

    range: FrameRange
    digest: bytes

    def checked(self, piece: bytes) -> bytes:
        """Return the frame that the bytes of its range hold.

        Raises:
            StorageUnavailable: they are not those that were received.
        """
        if hashlib.sha256(piece).digest() != self.digest:
            raise StorageUnavailable("A frame is damaged in the blob store.")
        return frame_of(piece, self.range)


def page_of(number: int) -> int:
    """Return the page that a frame is on; frames count from 1, pages from 0."""
    return (number - 1) // FRAMES_IN_A_PAGE


def pages_of(frames: Sequence[IndexedFrame]) -> Iterator[bytes]:
    """Yield the pages of an instance's frames."""
    for first in range(0, len(frames), FRAMES_IN_A_PAGE):
        yield b"".join(
            _ENTRY.pack(frame.range.offset, frame.range.length, frame.range.fragments, frame.digest)
            for frame in frames[first : first + FRAMES_IN_A_PAGE]
        )


def frame_on(page: bytes, number: int) -> IndexedFrame | None:
    """Return a frame from the page that it is on; None where there are not so many."""
    position = (number - 1) % FRAMES_IN_A_PAGE * _ENTRY.size
    if position + _ENTRY.size > len(page):
        return None
    offset, length, fragments, digest = _ENTRY.unpack_from(page, position)
    return IndexedFrame(range=FrameRange(offset=offset, length=length, fragments=fragments), digest=digest)
