"""Takes a whole Part 10 file (PS3.10) into `incoming`, from a USB stick, an export, or the hub's own hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import SEEK_END
from typing import BinaryIO

from core.limits import MIB
from storage.header_reader import read_header
from storage.incoming import EncodedInstance, Incoming
from storage.part10 import Part10Header, part10_header, read_part10_preamble

CHUNK = MIB


@contextmanager
def received_part10(incoming: Incoming, stream: BinaryIO, *, now: datetime) -> Iterator[EncodedInstance]:
    """Copy a seekable file in and seal it; at the end what the archive did not take is removed.

    A bare data set gets a File Meta in front; its own bytes stay as they are.

    Raises:
        InvalidInstance: it is not DICOM.
        TooLarge, QuotaExceeded, StorageUnavailable: it cannot be kept.
    """
    header = read_part10_preamble(stream)
    meta = _file_meta(stream, header)
    stream.seek(header.data_set_offset)
    with incoming.new_file(now) as file:
        file.write_header(meta)
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        yield file.sealed(transfer_syntax_uid=header.transfer_syntax_uid)


def _file_meta(stream: BinaryIO, header: Part10Header) -> bytes:
    if header.data_set_offset:
        stream.seek(0)
        return stream.read(header.data_set_offset)
    size = stream.seek(0, SEEK_END)
    instance = read_header(stream, transfer_syntax_uid=header.transfer_syntax_uid, size=size)
    return part10_header(instance.sop_class_uid, instance.sop_instance_uid, header.transfer_syntax_uid)
