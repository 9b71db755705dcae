"""The bounded reader in front of everything that arrives.

It never holds more than a window, the values a catalogue needs (HEADER_KEPT_LIMIT), and one small buffer of
what was deflated; whatever the bytes are, it returns a header or raises one of two errors.
"""

from typing import BinaryIO

from storage.byte_source import ByteSource, FileBytes, InflatedBytes
from storage.data_set_walk import DataSetWalk
from storage.element_header import (
    DEFLATED,
    EXPLICIT,
    LOOK_AHEAD,
    Encoding,
    announced_encoding,
    sniffed_encoding,
)
from storage.instance_header import InstanceHeader


def read_header(
    stream: BinaryIO, *, transfer_syntax_uid: str, data_set_offset: int = 0, size: int, partial: bool = False
) -> InstanceHeader:
    """Read what the catalogue needs of the data set that lies from `data_set_offset` to `size` in the stream.

    With `partial`, the instance is still arriving: `size` is how far it has come, and the end of the data
    ends the walk.

    Raises:
        InvalidInstance: the data set cannot be read, or ends early.
        TooLarge: it passes ELEMENT_COUNT, NESTING_DEPTH or the limits on inflating.
        StorageUnavailable: the file cannot be read.
    """
    source, start, encoding, anomalies = opened_source(
        stream, transfer_syntax_uid=transfer_syntax_uid, start=data_set_offset, end=size, partial=partial
    )
    walk = DataSetWalk(source, start, encoding, partial=partial)
    walk.run()
    found = walk.found
    return InstanceHeader(
        transfer_syntax_uid=transfer_syntax_uid,
        elements=found.elements,
        skipped_tags=frozenset(found.skipped_tags),
        pixel_data_length=found.pixel_data_length,
        fragment_count=found.fragment_count,
        structure_anomalies=(*anomalies, *found.anomalies),
        raw_requests=tuple(found.requests),
    )


def opened_source(
    stream: BinaryIO, *, transfer_syntax_uid: str, start: int, end: int, partial: bool
) -> tuple[ByteSource, int, Encoding, list[str]]:
    """Return the bytes of a data set, where it begins in them, how it is written, and what is odd about that.

    Raises:
        InvalidInstance, StorageUnavailable: as `read_header` does.
    """
    source: ByteSource = FileBytes(stream, start=start, end=end, partial=partial)
    announced = announced_encoding(transfer_syntax_uid)
    sniffed = sniffed_encoding(source.read_at(start, LOOK_AHEAD), source.bound - start)
    anomalies: list[str] = []
    if transfer_syntax_uid not in DEFLATED:
        if sniffed is not None and sniffed != announced:
            anomalies.append(f"{sniffed.word}-under-{announced.word}")
    elif sniffed == EXPLICIT:
        anomalies.append("not-deflated")
    else:
        source, start, sniffed = InflatedBytes(stream, start=start, end=end), 0, None
    return source, start, sniffed or announced, anomalies
