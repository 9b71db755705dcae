"""The SQL that keeps another encoding of an instance with it."""

from sqlalchemy import Connection, insert, select

from database.change_feed import ChangeKind, append_change
from storage.admission import Admission, change_of
from storage.instance import StoreOutcome
from storage.tables import instances, representations
from storage.transfer_record import put_on_record


def add_representation(connection: Connection, admission: Admission) -> StoreOutcome:
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
        insert(representations),
        {
            "instance_key": instance_key,
            "site_id": admission.origin.site_id,
            "study_instance_uid": header.study_instance_uid,
            "transfer_syntax_uid": encoded.transfer_syntax_uid[:64],
            "blob_key": admission.blob_key,
            "size": encoded.size,
            "data_set_offset": encoded.data_set_offset,
            "digest": encoded.digest,
            "header_digest": encoded.header_digest,
            "anomalies": list(header.anomalies),
            "origin_kind": admission.origin.kind.value,
            "source": admission.origin.source,
            "received_at": admission.received_at,
        },
    )
    append_change(connection, change_of(admission, ChangeKind.INSTANCE_REPRESENTATION))
    put_on_record(connection, admission.origin, header.study_instance_uid, "store", at=admission.received_at)
    return StoreOutcome.KEPT_AS_REPRESENTATION
