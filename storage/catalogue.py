"""The archive's writing SQL: admitting instances, setting bytes aside, noting what is in transfer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from core.access import EVERY_SITE, at_site
from core.origin import Origin, OriginKind
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from storage.aside_records import (
    Arrival,
    AsideQuota,
    is_kept_aside,
    keep_aside,
    require_room_aside,
)
from storage.incoming import EncodedInstance
from storage.instance import AsideReason, StoreOutcome
from storage.instance_header import InstanceHeader
from storage.patient_identity import (
    Difference,
    StatedIdentity,
    are_other_people,
    differences,
)
from storage.patient_records import (
    add_differences,
    assign_patient,
    is_accepted,
    stated_identity_of,
)
from storage.readmission import Readmission, readmit
from storage.series_records import series_values, write_requests
from storage.study_names import write_names
from storage.tables import instances, kept_aside, representations, series, studies, transfers
from storage.transfer_record import put_on_record

_DETAILS: Final = {
    AsideReason.CONFLICT: "another data set under this UID",
    AsideReason.PATIENT_CONFLICT: "another patient under this study",
}
_CONFLICTS: Final = {
    AsideReason.CONFLICT: ChangeKind.INSTANCE_CONFLICT,
    AsideReason.PATIENT_CONFLICT: ChangeKind.PATIENT_CONFLICT,
}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What arrived, held against the instance of that digest under its UID: one instance in two encodings?"""

    digest: str
    is_one_instance: bool


@dataclass(frozen=True, kw_only=True)
class Admission:
    """All that the catalogue writes down about an instance whose blob is durable."""

    header: InstanceHeader
    encoded: EncodedInstance
    blob_key: str
    origin: Origin
    received_at: datetime
    readmission: Readmission | None = None
    compared: Compared | None = None


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
                return _add_representation(connection, admission)
            study = stated_identity_of(connection, origin.site_id, header.study_instance_uid)
            if _shows_another_patient(connection, admission, study):
                return _set_aside(connection, admission, AsideReason.PATIENT_CONFLICT, self._quota)
            if held is not None:
                return _set_aside(connection, admission, AsideReason.CONFLICT, self._quota)
            _write_study(connection, admission, study)
            _write_series(connection, admission)
            _write_instance(connection, admission)
            append_change(connection, _change(admission, ChangeKind.INSTANCE_STORED))
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
            for table in (instances, representations, kept_aside):
                named = select(table.c.blob_key).where(table.c.blob_key.in_(keys))
                if table is kept_aside:
                    named = named.where(kept_aside.c.bytes_deleted_at.is_(None))
                keys -= set(connection.scalars(named))
        return keys

    def note_transfer(
        self, transfer_key: str, site_id: str, study_instance_uid: str, *, now: datetime
    ) -> None:
        """Say that an instance of a study is arriving right now; the note goes stale by itself."""
        with self.database.write(within=at_site(site_id)) as connection:
            moved = connection.execute(
                update(transfers)
                .where(transfers.c.transfer_key == transfer_key)
                .values(site_id=site_id, study_instance_uid=study_instance_uid, seen_at=now)
            )
            if not moved.rowcount:
                connection.execute(
                    insert(transfers).values(
                        transfer_key=transfer_key,
                        site_id=site_id,
                        study_instance_uid=study_instance_uid,
                        seen_at=now,
                    )
                )

    def studies_in_transfer(self, *, fresh_after: datetime) -> set[tuple[str, str]]:
        """Return (site, Study Instance UID) of the transfers noted since."""
        with self.database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(transfers.c.site_id, transfers.c.study_instance_uid).where(
                    transfers.c.seen_at > fresh_after
                )
            )
            return {(row.site_id, row.study_instance_uid) for row in rows}

    def end_transfer(self, transfer_key: str, *, stale_before: datetime) -> None:
        """Forget a transfer, and those of processes that died."""
        with self.database.write(within=EVERY_SITE) as connection:
            connection.execute(
                delete(transfers).where(
                    (transfers.c.transfer_key == transfer_key) | (transfers.c.seen_at < stale_before)
                )
            )


def _held_digest(connection: Connection, site_id: str, sop_instance_uid: str) -> str | None:
    return connection.scalar(
        select(instances.c.digest).where(
            instances.c.site_id == site_id, instances.c.sop_instance_uid == sop_instance_uid
        )
    )


def _add_representation(connection: Connection, admission: Admission) -> StoreOutcome:
    """Keep another encoding of an instance with it: no task for anybody."""
    header, encoded = admission.header, admission.encoded
    instance_key = connection.scalar(
        select(instances.c.instance_key).filter_by(
            site_id=admission.origin.site_id, sop_instance_uid=header.sop_instance_uid
        )
    )
    same = select(representations).filter_by(instance_key=instance_key, digest=encoded.digest)
    if connection.execute(same).first() is not None:
        return StoreOutcome.ALREADY_HELD
    connection.execute(
        insert(representations).values(
            instance_key=instance_key,
            site_id=admission.origin.site_id,
            study_instance_uid=header.study_instance_uid,
            transfer_syntax_uid=encoded.transfer_syntax_uid[:64],
            blob_key=admission.blob_key,
            size=encoded.size,
            data_set_offset=encoded.data_set_offset,
            digest=encoded.digest,
            header_digest=encoded.header_digest,
            anomalies=list(header.anomalies),
            origin_kind=admission.origin.kind.value,
            source=admission.origin.source,
            received_at=admission.received_at,
        )
    )
    append_change(connection, _change(admission, ChangeKind.INSTANCE_REPRESENTATION))
    put_on_record(connection, admission.origin, header.study_instance_uid, "store", at=admission.received_at)
    return StoreOutcome.KEPT_AS_REPRESENTATION


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
    append_change(connection, _change(admission, _CONFLICTS[reason]))
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
            insert(studies).values(
                **key,
                **vars(header.stated_identity),
                patient_key=patient.patient_key,
                study_date=header.study_date,
                study_time=header.study_time[:16],
                timezone_offset_from_utc=header.timezone_offset_from_utc[:16],
                accession_number=header.accession_number,
                study_id=header.study_id,
                study_description=header.study_description,
                referring_physician_name=header.referring_physician_name,
                text_finding=header.text_finding,
                first_received_at=received_at,
                last_received_at=received_at,
            )
        )
        write_names(connection, patient_name=header.patient_name, **key)
    else:
        connection.execute(update(studies).filter_by(**key).values(last_received_at=received_at))
        if admission.origin.kind is not OriginKind.HUB:
            found = differences(study, header.stated_identity)
    if new := add_differences(connection, **key, found=found) if found else ():
        append_change(connection, _change(admission, ChangeKind.PATIENT_FLAGGED, differences=list(new)))


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
        insert(series).values(
            **key,
            modality=header.modality.strip().upper()[:16],
            series_number=header.series_number,
            body_part_examined=header.body_part_examined[:64],
            first_received_at=admission.received_at,
            **series_values(header),
        )
    )
    write_requests(
        connection,
        (admission.origin.site_id, header.study_instance_uid, header.series_instance_uid),
        header.requests,
    )


def _write_instance(connection: Connection, admission: Admission) -> None:
    header, encoded = admission.header, admission.encoded
    connection.execute(
        insert(instances).values(
            site_id=admission.origin.site_id,
            study_instance_uid=header.study_instance_uid,
            series_instance_uid=header.series_instance_uid,
            sop_instance_uid=header.sop_instance_uid,
            sop_class_uid=header.sop_class_uid,
            transfer_syntax_uid=encoded.transfer_syntax_uid[:64],
            instance_number=header.instance_number,
            number_of_frames=header.number_of_frames,
            rows=header.rows,
            columns=header.columns,
            bits_allocated=header.bits_allocated,
            blob_key=admission.blob_key,
            size=encoded.size,
            data_set_offset=encoded.data_set_offset,
            digest=encoded.digest,
            header_digest=encoded.header_digest,
            anomalies=list(header.anomalies),
            specific_character_set=None if header.is_plain else header.label,
            origin_kind=admission.origin.kind.value,
            source=admission.origin.source,
            received_at=admission.received_at,
        )
    )


def _change(admission: Admission, kind: ChangeKind, **more: Any) -> Change:
    header, origin = admission.header, admission.origin
    return Change(
        kind=kind,
        site_id=origin.site_id,
        study_instance_uid=header.study_instance_uid,
        subject=header.sop_instance_uid,
        actor=f"{origin.kind.value}:{origin.source}",
        at=admission.received_at,
        body={
            "modality": header.modality.strip().upper()[:16],
            "sop_class_uid": header.sop_class_uid,
            "series_instance_uid": header.series_instance_uid,
            "origin_kind": origin.kind.value,
            **more,
        },
    )
