"""Holds what arrived against what is held under its UID: one instance in two encodings, or two data sets?"""

from typing import BinaryIO

from storage.content_fingerprint import Fingerprint, are_one_instance, fingerprint
from storage.incoming import EncodedInstance
from storage.instance import Instance
from storage.instance_header import InstanceHeader


def is_one_instance(held: Instance, blob: BinaryIO, header: InstanceHeader, encoded: EncodedInstance) -> bool:
    """Whether `encoded` is the held instance again in another transfer syntax; may read both files."""
    if held.transfer_syntax_uid == encoded.transfer_syntax_uid:
        return False
    if (held.study_instance_uid, held.series_instance_uid) != (
        header.study_instance_uid,
        header.series_instance_uid,
    ):
        return False
    with encoded.path.open("rb") as arrived:
        return are_one_instance(_fingerprint(blob, held), _fingerprint(arrived, encoded))


def _fingerprint(stream: BinaryIO, file: Instance | EncodedInstance) -> Fingerprint:
    return fingerprint(
        stream,
        transfer_syntax_uid=file.transfer_syntax_uid,
        data_set_offset=file.data_set_offset,
        size=file.size,
    )
