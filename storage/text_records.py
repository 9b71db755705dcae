"""The SQL by which a study's text, read anew from its instance, takes the place of an earlier reading."""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select, update

from storage.instance import Instance
from storage.instance_header import InstanceHeader
from storage.patient_identity import identity_key
from storage.patient_records import (
    assign_patient,
    find_patient,
    identity_of,
    join_differences,
    rename_patient,
)
from storage.series_records import series_values, write_requests
from storage.study_names import write_names
from storage.tables import instances, series, studies

_OF_PATIENT: Final = frozenset({"patient_name", "patient_id", "issuer_of_patient_id"})


def write_text(connection: Connection, instance: Instance, header: InstanceHeader) -> bool:
    """Write what the first instance of a series says; return whether the study's own text changed.

    The study's is only changed by the first instance of the study. Beside text only what an earlier version
    did not read is written, and nothing that is signed changes.
    """
    connection.execute(
        update(instances)
        .filter_by(instance_key=instance.instance_key)
        .values(
            anomalies=list(header.anomalies),
            specific_character_set=None if header.is_plain else header.label,
            bits_allocated=header.bits_allocated,
        )
    )
    study = {"site_id": instance.site_id, "study_instance_uid": instance.study_instance_uid}
    connection.execute(
        update(series)
        .filter_by(**study, series_instance_uid=instance.series_instance_uid)
        .values(**series_values(header))
    )
    write_requests(
        connection,
        (instance.site_id, instance.study_instance_uid, instance.series_instance_uid),
        header.requests,
    )
    if not _leads_study(connection, instance):
        return False
    offset = header.timezone_offset_from_utc[:16]
    connection.execute(update(studies).filter_by(**study).values(timezone_offset_from_utc=offset))
    return _write_study_text(connection, study, header)


def study_text(header: InstanceHeader) -> dict[str, str]:
    """Return the columns of a study whose values are in the character set of its instance."""
    return {
        "patient_name": header.patient_name,
        "patient_id": header.patient_id,
        "issuer_of_patient_id": header.issuer_of_patient_id,
        "accession_number": header.accession_number,
        "study_id": header.study_id,
        "study_description": header.study_description,
        "referring_physician_name": header.referring_physician_name,
        "text_finding": header.text_finding,
    }


def _leads_study(connection: Connection, instance: Instance) -> bool:
    first = connection.scalar(
        select(func.min(instances.c.instance_key)).filter_by(
            site_id=instance.site_id, study_instance_uid=instance.study_instance_uid
        )
    )
    return bool(first == instance.instance_key)


def _write_study_text(connection: Connection, study: dict[str, Any], header: InstanceHeader) -> bool:
    text = study_text(header)
    before = connection.execute(select(studies).filter_by(**study)).mappings().one()
    is_attached = before["patient_attached_at"] is not None
    if is_attached:  # whom it shows says a person, whatever its bytes are read as
        text = {column: value for column, value in text.items() if column not in _OF_PATIENT}
    else:
        write_names(connection, patient_name=header.patient_name, **study)
    if all(before[column] == value for column, value in text.items()):
        return False
    patient = {} if is_attached else _patient_read_anew(connection, before, header)
    connection.execute(update(studies).filter_by(**study).values(**text, **patient))
    return True


def _patient_read_anew(connection: Connection, before: RowMapping, header: InstanceHeader) -> dict[str, str]:
    """Let the patient follow what a study states now; return the study's columns about it.

    A patient ID that reads otherwise is another patient, unless a person has moved the study. A patient whose
    name was this study's takes its new reading. Flags stay for a person to take off: the bytes of another
    instance may have raised them.
    """
    stated, now_stated, site_id = identity_of(before), header.stated_identity, before["site_id"]
    key = identity_key(site_id, stated)
    patient = find_patient(connection, before["patient_key"])
    if patient is None or stated == now_stated:
        return {}
    if key != identity_key(site_id, now_stated) and identity_key(site_id, patient.identity) == key:
        assigned = assign_patient(connection, site_id, now_stated, now=before["first_received_at"])
        return {
            "patient_key": assigned.patient_key,
            "patient_differences": join_differences(assigned.differences),
        }
    if patient.identity.patient_name == stated.patient_name:
        rename_patient(connection, patient.patient_key, now_stated.patient_name)
    return {}
