"""Whether an image is meant to be looked at, or to be worked on first (PS3.3 C.8.11.1). Pure."""

from typing import Final

FOR_PROCESSING_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1.1.1",
        "1.2.840.10008.5.1.4.1.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.1.3.1",
    }
)
"""Digital X-ray, mammography and intra-oral images as the detector gave them."""
_FOR_PROCESSING: Final = "FOR PROCESSING"


def is_for_processing(sop_class_uid: str, presentation_intent_type: object = None) -> bool:
    """Whether it is of a class for processing, or says so itself (0008,0068)."""
    said = str(presentation_intent_type or "").strip()
    return said == _FOR_PROCESSING or (not said and sop_class_uid in FOR_PROCESSING_CLASSES)
