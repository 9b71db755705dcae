"""The archive's writing SQL: admitting instances, setting bytes aside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, exists, insert, or_, select, update

from core.access import EVERY_SITE, at_site
from core.origin import Origin, OriginKind
from database.change_feed import ChangeKind, append_change
from database.engine import Database
from storage.admission import Admission, change_of
from storage.aside_arrival_records import Arrival, AsideQuota, is_kept_aside, keep_aside, require_room_aside
from storage.incoming import EncodedInstance
from storage.instance import AsideReason, StoreOutcome
from storage.original_records import write_originals
from storage.patient_decision_records import PatientAct, is_accepted
from storage.patient_identity import (
    Difference,
    StatedIdentity,
    are_other_people,
    differences,
)
from storage.patient_records import (
    add_differences,
    assign_patient,
    stated_identity_of,
)
from storage.readmission import readmit
from storage.representation_records import add_representation
from storage.series_records import series_values, write_requests
from storage.study_names import write_names
from storage.tables import instances, kept_aside, original_files, representations, series, studies
from storage.transfer_record import put_on_record

_DETAILS: Final = {
    AsideReason.CONFLICT: "another data set under this UID",
    AsideReason.PATIENT_CONFLICT: "another patient under this study",
}
_CONFLICTS: Final = {
    AsideReason.CONFLICT: ChangeKind.INSTANCE_CONFLICT,
    AsideReason.PATIENT_CONFLICT: ChangeKind.PATIENT_CONFLICT,
}


class Catalogue:
    """What is held: each method is one transaction."""

    def __init__(self, database: Database, quota: AsideQuota | None = None) -> None:
        self.database = database
        self._quota = quota or AsideQuota()

    def held_digest(self, site_id: str, sop_instance_uid: str) -> str | None:
        """Return the digest of the instance this site holds under a UID, if any."""
        with self.database.read(within=at_site(site_id)) as connection:
            return _held_digest(connection, site_id, sop_instance_uid)

    def admit(self, admission: Admission) -> StoreOutcome | None:
        """Write the instance and its change in one transaction, or find that it is held, or set it beside.

        None means that nothing was done: another data set is held under its UID, and they were not compared.
        """
        header, origin = admission.header, admission.origin
        with self.database.write(within=at_site(origin.site_id)) as connection:
            held = _held_digest(connection, origin.site_id, header.sop_instance_uid)
            if admission.readmission is not None:
                readmit(connection, header, admission.readmission, held=held, at=admission.received_at)
            if held == admission.encoded.digest:
                return StoreOutcome.ALREADY_HELD
            if held is not None and (admission.compared is None or admission.compared.digest != held):
                return None
            if admission.compared is not None and admission.compared.is_one_instance:
                return add_representation(connection, admission)
            study = stated_identity_of(connection, origin.site_id, header.study_instance_uid)
            if _shows_another_patient(connection, admission, study):
                return _set_aside(connection, admission, AsideReason.PATIENT_CONFLICT, self._quota)
            if held is not None:
                return _set_aside(connection, admission, AsideReason.CONFLICT, self._quota)
            _write_study(connection, admission, study)
            _write_series(connection, admission)
            _write_instance(connection, admission)
            write_originals(
                connection,
                origin.site_id,
                header.study_instance_uid,
                header.sop_instance_uid,
                admission.originals,
            )
            append_change(connection, change_of(admission, ChangeKind.INSTANCE_STORED))
            put_on_record(connection, origin, header.study_instance_uid, "store", at=admission.received_at)
            return StoreOutcome.STORED

    def quarantine(
        self, encoded: EncodedInstance, origin: Origin, *, blob_key: str, detail: str, received_at: datetime
    ) -> bool:
        """Write down bytes that cannot be indexed; False where the very same are kept already.

        Raises:
            QuotaExceeded: the site has no more room beside the archive.
        """
        arrival = Arrival(
            encoded=encoded,
            origin=origin,
            blob_key=blob_key,
            reason=AsideReason.QUARANTINE,
            detail=detail,
            sop_instance_uid=(encoded.announced_sop_instance_uid or "")[:64],
            study_instance_uid="",
            received_at=received_at,
        )
        with self.database.write(within=at_site(origin.site_id)) as connection:
            put_on_record(connection, origin, "", "quarantine", at=received_at)
            return keep_aside(connection, arrival, self._quota)

    def is_quarantined(self, encoded: EncodedInstance, site_id: str) -> bool:
        """Whether these bytes of this site lie in quarantine.

        Raises:
            QuotaExceeded: they do not, and the site has no more room beside the archive.
        """
        with self.database.read(within=at_site(site_id)) as connection:
            if is_kept_aside(connection, site_id, AsideReason.QUARANTINE, encoded.digest):
                return True
            require_room_aside(connection, site_id, encoded.size, self._quota)
            return False

    def is_empty(self) -> bool:
        """Whether no row names any blob at all."""
        with self.database.read(within=EVERY_SITE) as connection:
            return not connection.scalar(select(or_(exists(select(instances)), exists(select(kept_aside)))))

    def unreferenced(self, blob_keys: Iterable[str]) -> set[str]:
        """Return those of the keys that no row names."""
        keys = set(blob_keys)
        with self.database.read(within=EVERY_SITE) as connection:
            for table in (instances, representations, kept_aside, original_files):
                named = select(table.c.blob_key).where(table.c.blob_key.in_(keys))
                if table is kept_aside:
                    named = named.where(kept_aside.c.bytes_deleted_at.is_(None))
                keys -= set(connection.scalars(named))
        return keys


def _held_digest(connection: Connection, site_id: str, sop_instance_uid: str) -> str | None:
    return connection.scalar(
        select(instances.c.digest).where(
            instances.c.site_id == site_id, instances.c.sop_instance_uid == sop_instance_uid
        )
    )


def _set_aside(
    connection: Connection, admission: Admission, reason: AsideReason, quota: AsideQuota
) -> StoreOutcome:
    kept = keep_aside(
        connection,
        Arrival(
            encoded=admission.encoded,
            origin=admission.origin,
            blob_key=admission.blob_key,
            reason=reason,
            detail=_DETAILS[reason],
            sop_instance_uid=admission.header.sop_instance_uid,
            study_instance_uid=admission.header.study_instance_uid,
            received_at=admission.received_at,
        ),
        quota,
    )
    if not kept:
        return StoreOutcome.ALREADY_HELD
    append_change(connection, change_of(admission, _CONFLICTS[reason]))
    study_instance_uid = admission.header.study_instance_uid
    put_on_record(connection, admission.origin, study_instance_uid, "set aside", at=admission.received_at)
    return StoreOutcome.KEPT_AS_CONFLICT


def _shows_another_patient(
    connection: Connection, admission: Admission, study: StatedIdentity | None
) -> bool:
    """Whether this is clearly of another patient than its study, and nobody has said that it is not.

    What the hub itself publishes names the patient whom people have settled on.
    """
    if study is None or admission.origin.kind is OriginKind.HUB:
        return False
    header, site_id = admission.header, admission.origin.site_id
    return are_other_people(study, header.stated_identity) and not is_accepted(
        connection, site_id, header.study_instance_uid, header.stated_identity
    )


def _write_study(connection: Connection, admission: Admission, study: StatedIdentity | None) -> None:
    header, site_id, received_at = admission.header, admission.origin.site_id, admission.received_at
    key = {"site_id": site_id, "study_instance_uid": header.study_instance_uid}
    found: tuple[Difference, ...] = ()
    if study is None:
        patient = assign_patient(connection, site_id, header.stated_identity, now=received_at)
        found = patient.differences
        connection.execute(
            insert(studies),
            {
                **key,
                **vars(header.stated_identity),
                "patient_key": patient.patient_key,
                "study_date": header.study_date,
                "study_time": header.study_time[:16],
                "timezone_offset_from_utc": header.timezone_offset_from_utc[:16],
                "accession_number": header.accession_number,
                "study_id": header.study_id,
                "study_description": header.study_description,
                "referring_physician_name": header.referring_physician_name,
                "text_finding": header.text_finding,
                "first_received_at": received_at,
                "last_received_at": received_at,
            },
        )
        write_names(connection, patient_name=header.patient_name, **key)
    else:
        connection.execute(update(studies).filter_by(**key).values(last_received_at=received_at))
        if admission.origin.kind is not OriginKind.HUB and not is_accepted(
            connection,
            site_id,
            header.study_instance_uid,
            header.stated_identity,
            by=[PatientAct.STUDY_ATTACHED],
        ):
            found = differences(study, header.stated_identity)
    if new := add_differences(connection, **key, found=found) if found else ():
        append_change(connection, change_of(admission, ChangeKind.PATIENT_FLAGGED, differences=list(new)))


def _write_series(connection: Connection, admission: Admission) -> None:
    header = admission.header
    key = {
        "site_id": admission.origin.site_id,
        "study_instance_uid": header.study_instance_uid,
        "series_instance_uid": header.series_instance_uid,
    }
    if connection.execute(select(series.c.series_instance_uid).filter_by(**key)).first() is not None:
        return
    connection.execute(
        insert(series),
        {
            **key,
            "modality": header.modality.strip().upper()[:16],
            "series_number": header.series_number,
            "body_part_examined": header.body_part_examined[:64],
            "first_received_at": admission.received_at,
            **series_values(header),
        },
    )
    write_requests(
        connection,
        (admission.origin.site_id, header.study_instance_uid, header.series_instance_uid),
        header.requests,
    )


def _write_instance(connection: Connection, admission: Admission) -> None:
    header, encoded = admission.header, admission.encoded
    connection.execute(
        insert(instances),
        {
            "site_id": admission.origin.site_id,
            "study_instance_uid": header.study_instance_uid,
            "series_instance_uid": header.series_instance_uid,
            "sop_instance_uid": header.sop_instance_uid,
            "sop_class_uid": header.sop_class_uid,
            "transfer_syntax_uid": encoded.transfer_syntax_uid[:64],
            "instance_number": header.instance_number,
            "number_of_frames": header.number_of_frames,
            "rows": header.rows,
            "columns": header.columns,
            "bits_allocated": header.bits_allocated,
            "blob_key": admission.blob_key,
            "size": encoded.size,
            "data_set_offset": encoded.data_set_offset,
            "digest": encoded.digest,
            "header_digest": encoded.header_digest,
            "anomalies": list(header.anomalies),
            "specific_character_set": None if header.is_plain else header.label,
            "origin_kind": admission.origin.kind.value,
            "source": admission.origin.source,
            "received_at": admission.received_at,
        },
    )
