"""The definitions of an MFER file (ISO 22077-1): tags with lengths and values, one within the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidInstance, TooLarge

BYTE_ORDER: Final = 0x01
BLOCK: Final = 0x04
CHANNELS: Final = 0x05
SEQUENCES: Final = 0x06
WAVEFORM: Final = 0x08
LEAD: Final = 0x09
DATA_TYPE: Final = 0x0A
INTERVAL: Final = 0x0B
SENSITIVITY: Final = 0x0C
OFFSET: Final = 0x0D
COMPRESSION: Final = 0x0E
FILTER: Final = 0x11
NOTHING: Final = 0x12
MANUFACTURER: Final = 0x17
DATA: Final = 0x1E
ATTRIBUTE: Final = 0x3F
END: Final = 0x80
NAME: Final = 0x81
IDENTIFIER: Final = 0x82
AGE: Final = 0x83
SEX: Final = 0x84
TIME: Final = 0x85

_DEFINITIONS: Final = 100_000
_DEPTH: Final = 4


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One tag with its value, as a view of the file; of one channel where `channel` says which."""

    tag: int
    value: memoryview
    channel: int | None = None
    little: bool = False
    """Whether numbers begin with their least byte: what the file says before it."""

    def number(self, *, signed: bool = False) -> int:
        """Return the value as a whole number, 0 where it is empty."""
        content = bytes(self.value[:8])
        return int.from_bytes(content, "little" if self.little else "big", signed=signed)

    def scaled(self) -> tuple[int, float] | None:
        """Return the unit of a value of unit, power of ten and number; None where it is too short."""
        if len(self.value) < 3:
            return None
        power = int.from_bytes(self.value[1:2], "big", signed=True)
        number = int.from_bytes(bytes(self.value[2:10]), "little" if self.little else "big")
        return self.value[0], float(number) * 10.0**power


def definitions(content: bytes) -> Iterator[Definition]:
    """Yield what a file defines in its order. Raises InvalidInstance where it is cut."""
    for count, definition in enumerate(_within(memoryview(content), None, little=False, depth=0)):
        if count >= _DEFINITIONS:
            raise TooLarge("This MFER file has more definitions than an ECG needs.")
        yield definition


def _within(content: memoryview, channel: int | None, *, little: bool, depth: int) -> Iterator[Definition]:
    position = 0
    while position < len(content):
        tag = content[position]
        position += 1
        if tag == END and not depth:
            return
        if tag == 0:
            continue
        about = channel
        if tag == ATTRIBUTE:
            about, position = _channel(content, position)
        length, position = _length(content, position)
        if length is None or position + length > len(content):
            raise InvalidInstance(
                f"This MFER file is cut or damaged: definition {tag:02X}H goes beyond its end."
            )
        value = content[position : position + length]
        position += length
        if tag == BYTE_ORDER and length:
            little = value[0] == 1
        if tag == ATTRIBUTE:
            if depth >= _DEPTH:
                raise TooLarge("This MFER file nests its definitions deeper than an ECG needs.")
            yield from _within(value, about, little=little, depth=depth + 1)
        else:
            yield Definition(tag=tag, value=value, channel=about, little=little)


def _channel(content: memoryview, position: int) -> tuple[int, int]:
    """Return a channel number of seven bits a byte, the last without the highest bit."""
    number = 0
    for _ in range(4):
        if position >= len(content):
            break
        byte = content[position]
        position += 1
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            return number, position
    raise InvalidInstance("This MFER file is cut or damaged: a channel has no number.")


def _length(content: memoryview, position: int) -> tuple[int | None, int]:
    """Return a length and where the value begins; None for one that is cut, or left open."""
    if position >= len(content):
        return None, position
    first = content[position]
    if first < 0x80:
        return first, position + 1
    count = first & 0x7F
    if not 0 < count <= 8 or position + 1 + count > len(content):
        return None, position
    return int.from_bytes(content[position + 1 : position + 1 + count], "big"), position + 1 + count
