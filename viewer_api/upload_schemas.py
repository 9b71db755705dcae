"""Uploads as JSON."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.limits import UPLOAD_FILE_BYTES, UPLOAD_FILES, UPLOAD_HOURS
from storage.upload import LONGEST_NAME, STATE_WORDS, AnnouncedFile, FileState, Upload, UploadFile
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID, plain_text

_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_FILE: Final[JsonDict] = {
    "number": 1,
    "name": "DICOM/IM000001",
    "size": 524288,
    "received": 524288,
    "state": "stored",
    "words": "Stored.",
    "study_instance_uid": EXAMPLE_UID,
    "sop_instance_uid": EXAMPLE_UID,
    "inside_of": None,
}
_UPLOAD: Final[JsonDict] = {
    "upload_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "username": "wang",
    "created_at": "2026-11-20T08:30:00Z",
    "expires_at": "2026-11-21T08:30:00Z",
    "finished_at": None,
    "number_of_files": 120,
    "files_done": 84,
    "states": {"stored": 80, "held-already": 4, "waiting": 36},
    "size": 62914560,
    "received": 44040192,
    "study_instance_uids": [EXAMPLE_UID],
}
_Text = Annotated[str, AfterValidator(plain_text)]


class AnnouncedFileBody(BaseModel):
    """A file that is going to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: _Text = Field(
        min_length=1, max_length=LONGEST_NAME, description="As the person knows it; only shown."
    )
    size: int = Field(ge=1, le=UPLOAD_FILE_BYTES)
    sha256: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="Of the whole file. What came before and is kept need not be sent again.",
    )

    def announced(self) -> AnnouncedFile:
        """Return it."""
        return AnnouncedFile(**dict(self))


class UploadBody(BaseModel):
    """What is going to be sent: DICOM files and ZIPs of them, in the order of their numbers from 1."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "site_id": "xinglong-clinic",
                "files": [{"name": "DICOM/IM000001", "size": 524288, "sha256": _DIGEST}],
            }
        },
    )

    site_id: _Text = Field(max_length=32)
    files: list[AnnouncedFileBody] = Field(min_length=1, max_length=UPLOAD_FILES)


class UploadFileResource(BaseModel):
    """One file of an upload, and what became of it. Send on from byte `received` while it is `waiting`."""

    model_config = ConfigDict(title="UploadFile", json_schema_extra={"example": _FILE})

    number: int
    name: str
    size: int = Field(description="0 for a file that came in a ZIP.")
    received: int = Field(description="How many bytes are here for good.")
    state: FileState
    words: str = Field(description="The state in plain words, or why a file could not be read.")
    study_instance_uid: str | None
    sop_instance_uid: str | None
    inside_of: int | None = Field(description="The number of the ZIP that it came in.")

    @classmethod
    def of(cls, file: UploadFile) -> Self:
        """Return one file."""
        return cls(
            **vars(file)
            | {
                "words": " ".join(filter(None, (STATE_WORDS[file.state], file.detail))),
                "study_instance_uid": file.study_instance_uid or None,
                "sop_instance_uid": file.sop_instance_uid or None,
            }
        )


class UploadResource(BaseModel):
    """An upload, and how far it has come."""

    model_config = ConfigDict(title="Upload", json_schema_extra={"example": _UPLOAD})

    upload_id: str
    site_id: str
    username: str = Field(description="Who opened it.")
    created_at: datetime
    expires_at: datetime = Field(description="When it is given up, unless something more comes.")
    finished_at: datetime | None
    number_of_files: int = Field(description="Announced, and come in ZIPs.")
    files_done: int = Field(description="Of which it is settled what became of them.")
    states: dict[FileState, int] = Field(description="How many files are in which state.")
    size: int = Field(description="Bytes announced.")
    received: int = Field(description="Bytes that are here.")
    study_instance_uids: list[str] = Field(description="The studies that have come so far.")

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """Return an upload."""
        return cls(**upload_values(upload))


class UploadWithFiles(UploadResource):
    """An upload with a page of its files."""

    model_config = ConfigDict(json_schema_extra={"example": {**_UPLOAD, "files": [_FILE]}})

    files: list[UploadFileResource]


class UploadCollection(BaseModel):
    """Uploads, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_UPLOAD]}})

    items: list[UploadResource]


def upload_values(upload: Upload) -> dict[str, Any]:
    """Return what an upload's answer says of it."""
    return vars(upload) | {
        "expires_at": upload.touched_at + timedelta(hours=UPLOAD_HOURS),
        "number_of_files": upload.files,
        "files_done": upload.files - upload.outstanding,
        "study_instance_uids": list(upload.study_instance_uids),
    }
