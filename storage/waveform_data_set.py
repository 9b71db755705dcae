"""The data set of a waveform object, its samples too: small enough to be read whole."""

from typing import Final

from pydicom import Dataset

from core.errors import TooLarge
from core.limits import ECG_OBJECT_LIMIT
from storage.archive import Archive
from storage.element_data_set import data_set_of
from storage.instance import Instance
from storage.instance_content import opened

GROUPS: Final = (0x0008, 0x0018, 0x0040, 0x5400)
"""What sent it, when it was acquired, what the device says of it, and the samples."""


def waveform_data_set(archive: Archive, instance: Instance) -> Dataset:
    """Return the data set of a waveform object.

    Raises:
        TooLarge: it is longer than is read in one piece.
        InvalidInstance, StorageUnavailable: it cannot be read.
    """
    if instance.size > ECG_OBJECT_LIMIT:
        raise TooLarge(f"A waveform object of more than {ECG_OBJECT_LIMIT} bytes is not read whole.")
    with opened(archive, instance) as content:
        return data_set_of(
            content,
            groups=GROUPS,
            longest_value=ECG_OBJECT_LIMIT,
            sets_of=archive.character_sets.reader_of(instance),
        )
