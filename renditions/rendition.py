"""What is made of an instance and kept as a blob: pictures to look it over, copies that are quick to read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RenditionKind(StrEnum):
    """What a rendition is for."""

    THUMBNAIL = "thumbnail"
    PREVIEW = "preview"
    CINE = "cine"
    ECG_SHEET = "ecg-sheet"
    ECG_OVERVIEW = "ecg-overview"
    """The rate of a long recording, minute by minute."""
    LOSSLESS = "lossless"
    INFLATED = "inflated"
    """The data set of a deflated instance: there its frames can be read by ranges."""


MEDIA_TYPES: Final = {
    RenditionKind.THUMBNAIL: "image/jpeg",
    RenditionKind.PREVIEW: "image/jpeg",
    RenditionKind.CINE: "image/webp",
    RenditionKind.ECG_SHEET: "image/svg+xml",
    RenditionKind.ECG_OVERVIEW: "application/json",
    RenditionKind.LOSSLESS: "image/jls",
    RenditionKind.INFLATED: "application/octet-stream",
}
SIDES: Final = {RenditionKind.THUMBNAIL: 256, RenditionKind.PREVIEW: 1024, RenditionKind.CINE: 512}
"""The longest side of a picture, in pixels."""
STILLS: Final = (RenditionKind.THUMBNAIL, RenditionKind.PREVIEW)


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """One rendition of an instance: `digest` is the SHA-256 of its bytes.

    `made_for` is what it depends on besides the instance; empty where that is nothing.
    """

    kind: RenditionKind
    media_type: str
    blob_key: str
    size: int
    digest: str
    made_for: str = ""
