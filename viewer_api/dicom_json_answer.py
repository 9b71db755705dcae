"""Answers in the DICOM JSON model (PS3.18 annex F)."""

from typing import Any, Final

from starlette.responses import Response

from storage.dicom_json import encoded

MEDIA_TYPE: Final = "application/dicom+json"
JSON_ARRAY: Final = {"type": "array", "items": {"type": "object"}}
"""The form of what is answered, for the OpenAPI description."""


class DicomJSON(Response):
    """An answer in the DICOM JSON model."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """Return the bytes to send; what is bytes is written already."""
        return content if isinstance(content, bytes) else encoded(content)
