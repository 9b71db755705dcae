"""Reads an instance's file as it was kept, and gives its end only where nothing of it is damaged."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO, Final

from core.errors import StorageUnavailable
from core.limits import MIB
from storage.incoming import chunks, header_chunks
from storage.instance import Instance
from storage.original import OriginalFile

CHUNK: Final = MIB


def checked(blob: BinaryIO, instance: Instance) -> Iterator[bytes]:
    """Yield a Part 10 file with its preamble zeroed; the last chunk is held back until its digests are right.

    Raises:
        StorageUnavailable: the bytes are not those that were received, or cannot be read.
    """
    header_digest, digest = hashlib.sha256(), hashlib.sha256()
    pending = b""
    with _readable(instance):
        for chunk in chain(
            _noted(header_digest, header_chunks(blob, instance.data_set_offset)),
            _noted(digest, chunks(blob)),
        ):
            if pending and len(pending) + len(chunk) > CHUNK:
                yield pending
                pending = b""
            pending += chunk
    if (header_digest.hexdigest(), digest.hexdigest()) != (instance.header_digest, instance.digest):
        raise StorageUnavailable(f"Instance {instance.sop_instance_uid} is damaged in the blob store.")
    yield pending


def checked_file(blob: BinaryIO, original: OriginalFile) -> Iterator[bytes]:
    """Yield a file that is no DICOM; raises as `checked` does."""
    digest = hashlib.sha256()
    pending = b""
    try:
        for chunk in _noted(digest, chunks(blob)):
            if pending:
                yield pending
            pending = chunk
    except OSError as error:
        raise StorageUnavailable(f"Blob {original.blob_key} cannot be read.") from error
    if digest.hexdigest() != original.digest:
        raise StorageUnavailable(f"Blob {original.blob_key} is damaged.")
    yield pending


def _noted(digest: "hashlib._Hash", pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


@contextmanager
def _readable(instance: Instance) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"Blob {instance.blob_key} cannot be read.") from error
