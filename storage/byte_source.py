"""Bytes of a data set by position, forward only: from the file, or inflated on the way (PS3.5 A.5).

Nobody asks for more than HEADER_VALUE_LIMIT at once, so nothing here grows with the file.
"""

import zlib
from os import SEEK_END
from typing import BinaryIO, Final, Protocol

from core.errors import InvalidInstance, StorageUnavailable, TooLarge
from core.limits import DATA_SET_LIMIT, INFLATED_LIMIT, INFLATED_RATIO

_PIECE: Final = 64 * 1024


class ByteSource(Protocol):
    """Where the walk gets its bytes."""

    bound: int
    """The data set ends here at the latest."""

    def read_at(self, position: int, length: int) -> bytes:
        """Return up to `length` bytes from `position`, which never goes back behind an earlier one."""

    def require_within(self, end: int) -> None:
        """Raise InvalidInstance or TooLarge if an element is said to end behind the bound."""

    def require_end(self, position: int) -> None:
        """Raise InvalidInstance unless `position`, where no more bytes came, is the true end."""


class FileBytes:
    """The data set as it lies in the file, from `start` to `end`. Positions are those of the file.

    Raises:
        InvalidInstance: the file does not reach to `end`.
        StorageUnavailable: the file cannot be read.
    """

    def __init__(self, stream: BinaryIO, *, start: int, end: int, partial: bool) -> None:
        self.bound = start + DATA_SET_LIMIT if partial else end
        self._stream = stream
        self._end = end
        if stream.seek(0, SEEK_END) < end:
            self.require_end(end)

    def read_at(self, position: int, length: int) -> bytes:
        """Return up to `length` bytes from `position`."""
        length = min(length, self._end - position)
        if length <= 0:
            return b""
        try:
            self._stream.seek(position)
            return self._stream.read(length)
        except OSError as error:
            raise StorageUnavailable("The file of an incoming instance cannot be read.") from error

    def require_within(self, end: int) -> None:
        """Raise InvalidInstance if an element is longer than what is left of the file."""
        if end > self.bound:
            raise InvalidInstance("An element is longer than the data set.")

    def require_end(self, position: int) -> None:  # noqa: ARG002 - any position is too soon
        """Raise InvalidInstance: where the file ends is known, so if no more bytes come they are missing."""
        raise InvalidInstance(f"The file is shorter than the {self._end} bytes it should have.")


class InflatedBytes:
    """The data set as it was before it was deflated. Positions count inflated bytes, from 0.

    Raises:
        InvalidInstance: the deflated stream is damaged.
        TooLarge: it inflates beyond INFLATED_LIMIT, and beyond INFLATED_RATIO times its size.
    """

    def __init__(self, stream: BinaryIO, *, start: int, end: int) -> None:
        self._file = FileBytes(stream, start=start, end=end, partial=False)
        self._read_to = start
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._window = b""
        self._window_start = 0
        self.bound = max(INFLATED_LIMIT, INFLATED_RATIO * (end - start))

    def read_at(self, position: int, length: int) -> bytes:
        """Return up to `length` bytes from `position`; what lies before is inflated and forgotten."""
        while True:
            window_end = self._window_start + len(self._window)
            if window_end - position >= length:
                break
            piece = self._inflate()
            if not piece:
                break
            kept = self._window[position - self._window_start :] if position < window_end else b""
            self._window_start = window_end - len(kept)
            self._window = kept + piece
            self.require_within(self._window_start + len(self._window))
        offset = position - self._window_start
        return self._window[offset : offset + length] if offset >= 0 else b""

    def require_within(self, end: int) -> None:
        """Raise TooLarge if an element would inflate beyond the limits."""
        if end > self.bound:
            raise TooLarge(f"The data set inflates to more than {self.bound} bytes.")

    def require_end(self, position: int) -> None:
        """Raise InvalidInstance if an element was longer than the data, or the deflated stream was cut."""
        if position > self._window_start + len(self._window) or not self._inflater.eof:
            raise InvalidInstance("The deflated data set ends early.")

    def _inflate(self) -> bytes:
        """Return the next inflated bytes, or none at the end of the stream or of the file."""
        piece = b""
        while not piece and not self._inflater.eof:
            deflated = self._inflater.unconsumed_tail
            if not deflated:
                deflated = self._file.read_at(self._read_to, _PIECE)
                self._read_to += len(deflated)
            try:
                piece = self._inflater.decompress(deflated, _PIECE)
            except zlib.error as error:
                raise InvalidInstance("The deflated data set is damaged.") from error
            if not deflated:
                break
        return piece
