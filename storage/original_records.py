"""The SQL of the files that instances were made of."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.instance import Instance, StoredInstance, StoreOutcome
from storage.original import OriginalFile
from storage.tables import instances, original_files

LONGEST_NAME = 200
_MADE_OF = (original_files.c.site_id == instances.c.site_id) & (
    original_files.c.sop_instance_uid == instances.c.sop_instance_uid
)


def write_originals(
    connection: Connection,
    site_id: str,
    study_instance_uid: str,
    sop_instance_uid: str,
    originals: Sequence[OriginalFile],
) -> None:
    """Write down what an instance was made of, in the transaction that lets it in."""
    for original in originals:
        connection.execute(
            insert(original_files),
            {
                "site_id": site_id,
                "study_instance_uid": study_instance_uid,
                "sop_instance_uid": sop_instance_uid,
                **vars(original),
            },
        )


def originals_of(connection: Connection, instance: Instance) -> list[OriginalFile]:
    """Return the files that an instance was made of; none for one that came as it is."""
    rows = connection.execute(
        select(original_files)
        .filter_by(site_id=instance.site_id, sop_instance_uid=instance.sop_instance_uid)
        .order_by(original_files.c.number)
    )
    return [_original(row) for row in rows]


def originals_in(
    connection: Connection, site_id: str, study_instance_uid: str, limit: int
) -> list[tuple[str, OriginalFile]]:
    """Return the files that instances of a study were made of, each with the instance's UID."""
    rows = connection.execute(
        select(original_files)
        .join(instances, _MADE_OF)
        .where(instances.c.site_id == site_id, instances.c.study_instance_uid == study_instance_uid)
        .order_by(instances.c.instance_key, original_files.c.number)
        .limit(limit)
    )
    return [(row.sop_instance_uid, _original(row)) for row in rows]


def first_made(
    connection: Connection, site_ids: Collection[str], study_instance_uids: Collection[str]
) -> dict[tuple[str, str], str]:
    """Return, for (site, study), the first instance that was made of a file."""
    rows = connection.execute(
        select(instances.c.site_id, instances.c.study_instance_uid, instances.c.sop_instance_uid)
        .join(original_files, _MADE_OF & (original_files.c.number == 1))
        .where(instances.c.site_id.in_(site_ids), instances.c.study_instance_uid.in_(study_instance_uids))
        .order_by(instances.c.instance_key.desc())
    )
    return {(row.site_id, row.study_instance_uid): row.sop_instance_uid for row in rows}


def made_before(connection: Connection, site_id: str, source_digest: str) -> StoredInstance | None:
    """Return the first instance that was made of this file at this site, None where none was."""
    row = connection.execute(
        select(instances)
        .join(original_files, _MADE_OF)
        .where(original_files.c.site_id == site_id, original_files.c.source_digest == source_digest)
        .order_by(instances.c.instance_key)
    ).first()
    if row is None:
        return None
    return StoredInstance(
        outcome=StoreOutcome.ALREADY_HELD,
        site_id=site_id,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uid=row.sop_instance_uid,
        sop_class_uid=row.sop_class_uid,
    )


def _original(row: Any) -> OriginalFile:
    return OriginalFile(
        number=row.number,
        name=row.name,
        kind=row.kind,
        blob_key=row.blob_key,
        size=row.size,
        digest=row.digest,
        source_digest=row.source_digest,
    )
