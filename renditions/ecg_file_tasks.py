"""What is made of ECG files in a limited child: instances. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from ecg.document import EcgDocument, EcgFormat
from ecg.formats.recognition import HEAD, read_file, recognise
from ecg.instance import instances


def instances_of(
    content: bytes, companions: Mapping[str, bytes], name: str, digest: str, received_at: datetime
) -> list[bytes]:
    """Return the instances that an ECG file makes: what they are, as JSON, then their data sets.

    Raises:
        InvalidInstance: nothing can be made of it; the words say why.
        TooLarge: it holds more than an ECG has.
    """
    if recognise(content[:HEAD], name) is EcgFormat.PDF:
        document = EcgDocument(format=EcgFormat.PDF, recordings=())
    else:
        document = read_file(content, companions, name)
    made = instances(document, digest=digest, received_at=received_at, content=content)
    told = [{"sop_class_uid": each.SOPClassUID, "sop_instance_uid": each.SOPInstanceUID} for each in made]
    return [json.dumps(told).encode(), *map(_encoded, made)]


def _encoded(dataset: Dataset) -> bytes:
    """Return a data set in Explicit VR Little Endian."""
    target = DicomBytesIO()
    target.is_little_endian, target.is_implicit_VR = True, False
    write_dataset(target, dataset)
    return target.getvalue()
