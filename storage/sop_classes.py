"""Which SOP Classes have instances that can be stored. Pure."""

from typing import Final

from pydicom._uid_dict import UID_dictionary

_DICOM_ROOT: Final = "1.2.840.10008."
_STORAGE_ROOT: Final = "1.2.840.10008.5.1.4.1.1."
_NAMED_LIKE_STORAGE: Final = frozenset(
    {
        "1.2.840.10008.1.20.1",  # Storage Commitment Push Model
        "1.2.840.10008.1.20.2",  # Storage Commitment Pull Model
        "1.2.840.10008.1.3.10",  # Media Storage Directory: a DICOMDIR never travels by C-STORE
    }
)


def is_storage_class(uid: str) -> bool:
    """Whether `uid` names, or may name, a class whose instances can be stored.

    Private classes and those newer than this table may; query, worklist, print, commitment and procedure
    steps are known not to. A class of the standard is told by its name, or by the branch that storage
    classes share.
    """
    name, kind = UID_dictionary.get(uid, ("", ""))[:2]
    if name:
        return kind == "SOP Class" and "Storage" in name and uid not in _NAMED_LIKE_STORAGE
    return uid.startswith(_STORAGE_ROOT) or not uid.startswith(_DICOM_ROOT)
