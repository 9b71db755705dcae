"""The body of a STOW-RS request: each part goes to a file of its own as it arrives, and from there on."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from core.clock import Clock
from core.errors import InvalidRequest, QuotaExceeded, StorageUnavailable, TooLarge
from core.limits import MULTIPART_HEADER_LIMIT, STOW_PARTS
from storage.incoming import Incoming, IncomingFile
from viewer_api.media_types import media_type_of

APPLICATION_DICOM: Final = "application/dicom"
ECG_FILES: Final = frozenset({"application/octet-stream", "application/pdf", "application/xml", "text/xml"})
"""As what ECG files are sent; which kind it is tells the content."""
HEADERS_OF_A_PART: Final = 16

PartRefusal = QuotaExceeded | StorageUnavailable | TooLarge | InvalidRequest
OnPart = Callable[[IncomingFile | PartRefusal], None]


class StowParts:
    """Reads multipart/related; hands each part on once the boundary behind it was seen, then removes it.

    Use as a context manager. A part that cannot be kept is handed on as the reason, and its rest is ignored.
    """

    def __init__(self, boundary: str, incoming: Incoming, clock: Clock, on_part: OnPart) -> None:
        """Raises InvalidRequest for a boundary that is none."""
        self.current: IncomingFile | None = None
        self._incoming = incoming
        self._clock = clock
        self._on_part = on_part
        self._refusal: PartRefusal | None = None
        self._count = 0
        self._is_whole = False
        self._opening = b"--" + boundary.encode("latin_1", "replace")
        self._preamble: bytearray | None = bytearray()
        self._header = [bytearray(), bytearray()]
        self._content_type = ""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header_bytes(0, data[start:end]),
                    "on_header_value": lambda data, start, end: self._header_bytes(1, data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": lambda data, start, end: self._write(memoryview(data)[start:end]),
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
                max_header_count=HEADERS_OF_A_PART,
                max_header_size=MULTIPART_HEADER_LIMIT,
            )
        except (FormParserError, UnicodeEncodeError):
            raise InvalidRequest("The boundary of the multipart body is none.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            InvalidRequest: this is not multipart.
            TooLarge: more than STOW_PARTS parts.
        """
        try:
            self._parser.write(self._behind_preamble(chunk))
        except FormParserError as error:
            raise InvalidRequest(
                "The body is not multipart/related with the boundary that was named."
            ) from error

    def require_whole(self) -> None:
        """Raise InvalidRequest unless the closing boundary was seen."""
        if not self._is_whole:
            raise InvalidRequest("The multipart body ends early; the parts before its end were taken.")

    def _behind_preamble(self, chunk: bytes) -> bytes:
        """Return what of the body begins with its first boundary: what stands before it means nothing.

        Raises:
            InvalidRequest: more stands there than a boundary can be looked for in.
        """
        if self._preamble is None:
            return chunk
        self._preamble += chunk
        begin = (
            0 if self._preamble.startswith(self._opening) else self._preamble.find(b"\r\n" + self._opening)
        )
        if begin >= 0:
            body, self._preamble = bytes(self._preamble[begin:]), None
            return body
        if len(self._preamble) > MULTIPART_HEADER_LIMIT:
            raise InvalidRequest("The body does not begin with the boundary that was named.")
        return b""

    def _begin(self) -> None:
        self._count += 1
        if self._count > STOW_PARTS:
            raise TooLarge(f"A request holds at most {STOW_PARTS} parts.")
        self._content_type = APPLICATION_DICOM
        self._refusal = None

    def _header_bytes(self, half: int, data: bytes) -> None:
        self._header[half] += data

    def _end_header(self) -> None:
        name, value = (half.decode("latin_1") for half in self._header)
        if name.lower() == "content-type":
            self._content_type = media_type_of(value).media_type
        self._header = [bytearray(), bytearray()]

    def _open(self) -> None:
        if self._content_type not in {APPLICATION_DICOM, *ECG_FILES}:
            self._refusal = InvalidRequest(f"A part is not {APPLICATION_DICOM}, nor an ECG file.")
            return
        try:
            self.current = self._incoming.new_file(self._now())
        except (QuotaExceeded, StorageUnavailable) as refusal:
            self._refusal = refusal

    def _write(self, fragment: memoryview) -> None:
        if self.current is None:
            return
        try:
            self.current.write_part10(fragment)
        except (QuotaExceeded, StorageUnavailable, TooLarge) as refusal:
            self._refusal = refusal
            self._discard()

    def _end(self) -> None:
        try:
            taken = self._refusal or self.current
            if taken is not None:
                self._on_part(taken)
        finally:
            self._discard()

    def _finish(self) -> None:
        self._is_whole = True

    def _discard(self) -> None:
        if self.current is not None:
            self.current.discard()
        self.current = None

    def _now(self) -> datetime:
        return self._clock.now()
