"""An upload: files that somebody at a site brings with a browser, each in pieces if the line is bad. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.errors import InvalidRequest, TooLarge
from core.limits import UPLOAD_FILE_BYTES, UPLOAD_FILES
from core.text import can_be_kept
from storage.file_taking import LeftOut
from storage.instance import StoreOutcome

LONGEST_NAME: Final = 200
LONGEST_DETAIL: Final = 200
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileState(StrEnum):
    """How far a file has come."""

    WAITING = "waiting"
    UNPACKING = "unpacking"
    UNPACKED = "unpacked"
    STORED = "stored"
    HELD_ALREADY = "held-already"
    REPRESENTATION = "kept-as-representation"
    BESIDE = "kept-beside"
    QUARANTINED = "quarantined"
    NOT_DICOM = "not-dicom"
    DIRECTORY = "dicomdir"
    REFUSED = "refused"
    GIVEN_UP = "given-up"


STATE_WORDS: Final = {
    FileState.WAITING: "Not all of it has come.",
    FileState.UNPACKING: "It has come; it is being unpacked, or waits for the files that belong to it.",
    FileState.UNPACKED: "Unpacked; its files are listed with what became of them.",
    FileState.STORED: "Stored.",
    FileState.HELD_ALREADY: "Held already: nothing had to be done.",
    FileState.REPRESENTATION: "Kept as another encoding of an instance that is held.",
    FileState.BESIDE: "Kept beside another data set of the same UID; an administrator decides.",
    FileState.QUARANTINED: "Kept in quarantine: it cannot be read as it is.",
    FileState.NOT_DICOM: "Left out: no DICOM file, and no ECG file of a kind that is read here.",
    FileState.DIRECTORY: "Left out: the directory of a medium.",
    FileState.REFUSED: "Left out: too large, damaged or packed beyond what images are.",
    FileState.GIVEN_UP: "Given up: the rest of it never came.",
}
OPEN_STATES: Final = frozenset({FileState.WAITING, FileState.UNPACKING})
STATE_OF: Final[dict[StoreOutcome | LeftOut, FileState]] = {
    StoreOutcome.STORED: FileState.STORED,
    StoreOutcome.ALREADY_HELD: FileState.HELD_ALREADY,
    StoreOutcome.KEPT_AS_REPRESENTATION: FileState.REPRESENTATION,
    StoreOutcome.KEPT_AS_CONFLICT: FileState.BESIDE,
    LeftOut.QUARANTINED: FileState.QUARANTINED,
    LeftOut.NOT_DICOM: FileState.NOT_DICOM,
    LeftOut.DIRECTORY: FileState.DIRECTORY,
    LeftOut.FAILED: FileState.REFUSED,
}


@dataclass(frozen=True, kw_only=True)
class AnnouncedFile:
    """A file that is going to be sent; `sha256` is that of the whole file, "" where it was not taken."""

    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class UploadFile:
    """One file of an upload. `inside_of` is the number of the ZIP that it came in."""

    number: int
    name: str
    size: int
    sha256: str
    received: int
    state: FileState
    study_instance_uid: str = ""
    sop_instance_uid: str = ""
    inside_of: int | None = None
    detail: str = ""
    """Why it could not be read, in words for a person."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload, and how many of its files, bytes and studies there are."""

    upload_id: str
    site_id: str
    account_id: str
    username: str
    granted_by: str
    created_at: datetime
    touched_at: datetime
    finished_at: datetime | None
    states: dict[FileState, int]
    size: int
    received: int
    study_instance_uids: tuple[str, ...]

    @property
    def files(self) -> int:
        """How many files were announced, and came in ZIPs."""
        return sum(self.states.values())

    @property
    def outstanding(self) -> int:
        """How many files have not come, or are being unpacked."""
        return sum(self.states.get(state, 0) for state in OPEN_STATES)


def require_files(files: Sequence[AnnouncedFile]) -> None:
    """Raise InvalidRequest or TooLarge unless an upload may consist of these."""
    if not 0 < len(files) <= UPLOAD_FILES:
        raise InvalidRequest(f"An upload has 1 to {UPLOAD_FILES} files.")
    for file in files:
        if not 0 < file.size <= UPLOAD_FILE_BYTES:
            raise TooLarge(f"A file has 1 to {UPLOAD_FILE_BYTES} bytes.")
        if not file.name or len(file.name) > LONGEST_NAME or not can_be_kept(file.name):
            raise InvalidRequest(f"The name of a file has 1 to {LONGEST_NAME} characters.")
        if file.sha256 and not _SHA256.fullmatch(file.sha256):
            raise InvalidRequest("A SHA-256 is written as 64 of 0-9 and a-f.")
