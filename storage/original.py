"""The files that were no DICOM, and what makes instances of them; the rooms beside the archive bring that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """What a file is, and whether it is whole only with the files beside it that are named like it."""

    name: str
    has_companions: bool = False


@dataclass(frozen=True, kw_only=True)
class ForeignFile:
    """A file on disk that is no DICOM; `digest` is the SHA-256 of all that makes it up."""

    path: Path
    size: int
    name: str
    digest: str
    received_at: datetime
    companions: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MadeInstance:
    """A data set in Explicit VR Little Endian that was made of a file."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: bytes


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Makes instances of files that are no DICOM.

    `recognise` is told a file's first bytes and its name, and says None of what it does not read. `convert`
    raises InvalidInstance, TooLarge and UnsupportedTransferSyntax with words for a person, and
    StorageUnavailable.
    """

    head: int
    recognise: Callable[[bytes, str], FileKind | None]
    convert: Callable[[ForeignFile], Sequence[MadeInstance]]


@dataclass(frozen=True, kw_only=True)
class OriginalFile:
    """One file that an instance was made of, as it came; `number` counts them from 1.

    `source_digest` is that of all of them together, by which the same file is known when it comes again.
    """

    number: int
    name: str
    kind: str
    blob_key: str
    size: int
    digest: str
    source_digest: str
