"""One pass over a data set, element by element, without holding or trusting it.

A loop over a stack, so that nesting costs no recursion; every length is held against what is left before
anything is read. What devices do against PS3.5 is read and named among the anomalies, as long as it leaves no
doubt where the next element begins.
"""

from typing import Final

from core.errors import InvalidInstance
from core.limits import HEADER_VALUE_LIMIT
from storage.byte_source import ByteSource
from storage.container import Container, begins_like_a_sequence
from storage.element_header import (
    ITEM,
    ITEM_DELIMITATION,
    LOOK_AHEAD,
    SEQUENCE_DELIMITATION,
    SHORTEST,
    UNDEFINED_LENGTH,
    ElementHeader,
    Encoding,
    parse_element,
    vr_of,
)
from storage.header_findings import HeaderFindings
from storage.instance_header import PIXEL_DATA, REQUEST_ATTRIBUTES, RawElement

_WINDOW: Final = 8 * 1024
_BYTE_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
_DELIMITERS: Final = frozenset({ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION})


class DataSetWalk:
    """Walks from `start` in `source`; what it found is in `found` afterwards."""

    def __init__(self, source: ByteSource, start: int, encoding: Encoding, *, partial: bool) -> None:
        self.found = HeaderFindings()
        self._source = source
        self._partial = partial
        self._position = start
        self._window = b""
        self._window_start = start
        self._stack = [Container(end=source.bound, encoding=encoding)]

    def run(self) -> None:
        """Walk to the end of the data set.

        Raises:
            InvalidInstance: it cannot be read, or (unless `partial`) ends early.
            TooLarge: it passes a limit.
        """
        while self._stack:
            container = self._stack[-1]
            room = container.end - self._position
            offset = self._look_ahead()
            room_at_hand = min(room, len(self._window) - offset)
            if room_at_hand < SHORTEST:
                self._end(container, self._window[offset : offset + room_at_hand])
                continue
            header = parse_element(self._window, offset, container.encoding, room)
            if header.size > room_at_hand:
                self._end(container, self._window[offset : offset + room_at_hand])
            elif container.fragments:
                self._fragment(container, header)
            elif container.sequence:
                self._item(container, header)
            elif header.tag in _DELIMITERS:
                self._delimiter(container, header)
            elif header.tag == 0 and len(self._stack) == 1:
                self._padding()
            else:
                self._element(container, header)

    def _look_ahead(self) -> int:
        """Return where the position lies in the window, with LOOK_AHEAD bytes behind it if there are any."""
        offset = self._position - self._window_start
        if offset + LOOK_AHEAD > len(self._window):
            self._window = self._source.read_at(self._position, _WINDOW)
            self._window_start = self._position
            offset = 0
        return offset

    def _value(self, length: int) -> bytes:
        """Return the value at the position, or fewer bytes where the data ends."""
        offset = self._position - self._window_start
        if offset + length <= len(self._window):
            return self._window[offset : offset + length]
        return self._source.read_at(self._position, length)

    def _element(self, container: Container, header: ElementHeader) -> None:
        self.found.count_element()
        tag, vr, length, size, oddity = header
        if oddity:
            self.found.note(oddity)
        self._position += size
        if length == UNDEFINED_LENGTH:
            self._open_undefined(container, tag, vr)
            return
        end = self._clamped(container, length)
        if length % 2 and container.guessed is None:
            self.found.note("odd-length")
        if vr in {"SQ", "UN"} and length:
            head = self._value(min(length, SHORTEST))
            if begins_like_a_sequence(head):
                self._stack.append(container.opened_sequence(tag, end, head, known=vr == "SQ"))
                return
            if vr == "SQ":
                self.found.note("unreadable-sequence")
        length = end - self._position
        if length > HEADER_VALUE_LIMIT or tag == PIXEL_DATA:
            self.found.skipped_tags.add(tag)
        elif vr != "SQ" and (container.depth == 0 or _is_of_request(container)):
            self._keep(container, tag, vr, length)
        if tag == PIXEL_DATA and container.depth == 0:
            self.found.pixel_data_length = length
        self._position = end

    def _keep(self, container: Container, tag: int, vr: str, length: int) -> None:
        """Keep a value for the catalogue, if it may be kept and is all there."""
        if not self.found.has_room_for(tag, length):
            return
        value = self._value(length)
        if len(value) == length:
            # PS3.5 6.2.2 note 2: a UN value is little endian whatever the transfer syntax
            big_endian = container.encoding.big_endian and vr != "UN"
            element = RawElement(vr_of(tag) if vr == "UN" else vr, value, big_endian)
            if container.depth:
                self.found.keep_of_request(tag, element)
            else:
                self.found.keep(tag, element)
        elif not self._partial:
            self._source.require_end(self._position + length)

    def _open_undefined(self, container: Container, tag: int, vr: str) -> None:
        if tag == PIXEL_DATA or vr in _BYTE_VRS:
            self.found.skipped_tags.add(tag)
            self._stack.append(container.opened_fragments())
        else:
            head = self._value(SHORTEST)
            self._stack.append(container.opened_sequence(tag, None, head, known=vr != "UN"))

    def _item(self, container: Container, header: ElementHeader) -> None:
        tag, _, length, size, _ = header
        if tag == ITEM:
            self.found.count_element()
            self._position += size
            end = None if length == UNDEFINED_LENGTH else self._clamped(container, length)
            room = (container.end if end is None else end) - self._position
            self._stack.append(container.opened_item(end, room, self._value(min(room, SHORTEST))))
            if _is_of_request(container):
                self.found.begin_request()
        elif tag == SEQUENCE_DELIMITATION:
            self._close_sequence(container, size)
        elif tag == ITEM_DELIMITATION:
            self.found.count_element()
            self.found.note("stray-delimiter")
            self._position += size
        elif container.undefined:
            self._broken(container, "A sequence holds something that is no item.")
        else:
            self.found.note("length-mismatch")
            self._close(container)

    def _fragment(self, container: Container, header: ElementHeader) -> None:
        tag, _, length, size, _ = header
        if tag == SEQUENCE_DELIMITATION:
            self._close_sequence(container, size)
        elif tag != ITEM or length == UNDEFINED_LENGTH:
            self._broken(container, "Encapsulated data holds something that is no fragment.")
        else:
            self.found.count_fragment()
            self._position += size
            self._position = self._clamped(container, length)

    def _delimiter(self, container: Container, header: ElementHeader) -> None:
        """End an item: by its own delimiter, by the next item, or by the end of its sequence."""
        if container.undefined:
            self._stack.pop()
            if header.tag == ITEM_DELIMITATION:
                self._position += header.size
            else:
                self.found.note("stray-delimiter")
        elif header.tag == ITEM:
            self._broken(container, "An item stands outside a sequence.")
        else:
            self.found.count_element()
            self.found.note("stray-delimiter")
            self._position += header.size

    def _close_sequence(self, container: Container, size: int) -> None:
        self._stack.pop()
        self._position += size
        if not container.undefined:
            self.found.note("stray-delimiter")
            self._position = container.end

    def _close(self, container: Container) -> None:
        self._stack.pop()
        self._position = container.end

    def _clamped(self, container: Container, length: int) -> int:
        """Return where `length` bytes from here end, at the latest with the container.

        A length that leaves its container is cut; one that leaves the whole data set is not forgiven.
        """
        end = self._position + length
        if end <= container.end:
            return end
        if container.guessed is None:
            self._source.require_within(end)
        self.found.note("length-mismatch")
        return container.end

    def _broken(self, container: Container, message: str) -> None:
        """Step over the value that was only guessed to be a sequence; anything else is no data set."""
        guessed = container.guessed
        if guessed is None:
            raise InvalidInstance(message)
        self.found.note("unreadable-sequence")
        while self._stack.pop() is not guessed:
            pass
        self._position = guessed.end

    def _end(self, container: Container, rest: bytes) -> None:
        """Leave a container in which only `rest` is left, too short for another element."""
        if len(rest) < container.end - self._position:
            if self._partial:
                self._stack.clear()
                return
            self._source.require_end(self._position)
        elif len(self._stack) > 1 and not self._is_cut(container):
            if container.undefined or rest:
                self.found.note("length-mismatch")
            self._close(container)
            return
        if len(self._stack) > 1:
            raise InvalidInstance("The data set ends inside a sequence.")
        if any(rest):
            raise InvalidInstance("The data set ends inside an element.")
        if rest:
            self.found.note("trailing-bytes")
        self._stack.clear()

    def _is_cut(self, container: Container) -> bool:
        """Whether the data set itself ends where a delimiter is still missing."""
        return container.undefined and container.end == self._source.bound and container.guessed is None

    def _padding(self) -> None:
        """End at zero bytes, if they are all that follows: some writers fill up a block."""
        if not self._partial:
            rest = self._source.read_at(self._position, HEADER_VALUE_LIMIT + 1)
            if len(rest) > HEADER_VALUE_LIMIT or any(rest):
                raise InvalidInstance("Something stands behind zero bytes.")
            self.found.note("trailing-bytes")
        self._stack.clear()


def _is_of_request(container: Container) -> bool:
    """Whether this is Request Attributes Sequence at the top level, or an item of it."""
    return container.depth == 1 and container.tag == REQUEST_ATTRIBUTES
