"""ECG files made into instances, in a limited child: what a cart writes is fed to parsers nowhere else."""

import json
from datetime import datetime
from functools import partial
from typing import Final

from core.errors import TooLarge
from core.limits import DECODING_BYTES, DECODING_CPU_SECONDS, FOREIGN_FILE_LIMIT
from ecg.document import EcgFormat
from ecg.formats.recognition import HEAD, recognise
from renditions.allowance import Allowance
from renditions.decoders import Decoders
from renditions.ecg_file_tasks import instances_of
from storage.original import Conversion, FileKind, ForeignFile, MadeInstance

_BYTES_FOR_EACH: Final = 60
"""A sample of two bytes, or of a few characters, is a number of eight more than once."""
_OF_SEVERAL_FILES: Final = frozenset({EcgFormat.WFDB})


def ecg_conversion(decoders: Decoders) -> Conversion:
    """Return what makes instances of ECG files."""
    return Conversion(head=HEAD, recognise=file_kind, convert=partial(_convert, decoders))


def file_kind(head: bytes, name: str) -> FileKind | None:
    """Return what an ECG file is by its first bytes, None for what is none."""
    found = recognise(head, name)
    if found is None or found is EcgFormat.DICOM:
        return None
    return FileKind(name=found.value, has_companions=found in _OF_SEVERAL_FILES)


def _convert(decoders: Decoders, file: ForeignFile) -> list[MadeInstance]:
    size = file.size + sum(map(len, file.companions.values()))
    if size > FOREIGN_FILE_LIMIT:
        raise TooLarge(f"An ECG file has at most {FOREIGN_FILE_LIMIT} bytes.")
    allowance = Allowance(
        address_space=DECODING_BYTES + _BYTES_FOR_EACH * size, cpu_seconds=DECODING_CPU_SECONDS
    )
    head, *data_sets = decoders.run(
        instances_of,
        file.path.read_bytes(),
        dict(file.companions),
        file.name,
        file.digest,
        _whole_seconds(file.received_at),
        allowance=allowance,
    )
    told = json.loads(head)
    return [
        MadeInstance(
            sop_class_uid=str(each["sop_class_uid"]),
            sop_instance_uid=str(each["sop_instance_uid"]),
            data_set=data_set,
        )
        for each, data_set in zip(told, data_sets, strict=True)
    ]


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
