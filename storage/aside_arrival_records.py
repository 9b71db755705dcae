"""The SQL by which bytes come to lie aside: what is written down of them, within the quota of a site."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, select, update

from core.errors import QuotaExceeded
from core.limits import KEPT_ASIDE_BYTES, KEPT_ASIDE_ROWS
from core.origin import Origin
from core.uids import new_key
from storage.incoming import EncodedInstance
from storage.instance import AsideReason
from storage.tables import kept_aside

BYTES_ARE_HERE = kept_aside.c.bytes_deleted_at.is_(None)


@dataclass(frozen=True, kw_only=True)
class AsideQuota:
    """How much of each site is kept aside before more is answered "send it again later"."""

    size: int = KEPT_ASIDE_BYTES
    rows: int = KEPT_ASIDE_ROWS


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What is to be written down about bytes that are set aside; their blob is durable."""

    encoded: EncodedInstance
    origin: Origin
    blob_key: str
    reason: AsideReason
    detail: str
    sop_instance_uid: str
    study_instance_uid: str
    received_at: datetime


def keep_aside(connection: Connection, arrival: Arrival, quota: AsideQuota) -> bool:
    """Write bytes down; False where the very same are kept already.

    What was discarded and is gone is kept anew, and decided on anew.

    Raises:
        QuotaExceeded: the site has no more room beside the archive.
    """
    encoded, origin = arrival.encoded, arrival.origin
    if is_kept_aside(connection, origin.site_id, arrival.reason, encoded.digest):
        return False
    require_room_aside(connection, origin.site_id, encoded.size, quota)
    values = {
        "detail": arrival.detail[:200],
        "study_instance_uid": arrival.study_instance_uid,
        "transfer_syntax_uid": encoded.transfer_syntax_uid[:64],
        "blob_key": arrival.blob_key,
        "size": encoded.size,
        "data_set_offset": encoded.data_set_offset,
        "header_digest": encoded.header_digest,
        "origin_kind": origin.kind.value,
        "source": origin.source,
        "received_at": arrival.received_at,
    }
    same = {
        "site_id": origin.site_id,
        "reason": arrival.reason.value,
        "sop_instance_uid": arrival.sop_instance_uid,
        "digest": encoded.digest,
    }
    unsettled = dict.fromkeys(
        ("settled_at", "settled_as", "settled_by", "settled_reason", "bytes_deleted_at"), None
    )
    again = connection.execute(update(kept_aside).filter_by(**same).values(**values, **unsettled))
    if not again.rowcount:
        connection.execute(
            insert(kept_aside),
            {
                "kept_key": new_key(arrival.received_at),
                **same,
                **values,
            },
        )
    return True


def is_kept_aside(connection: Connection, site_id: str, reason: AsideReason, digest: str) -> bool:
    """Whether these bytes of this site are kept aside for this reason."""
    return bool(
        connection.scalar(
            select(
                exists().where(
                    kept_aside.c.site_id == site_id,
                    kept_aside.c.reason == reason.value,
                    kept_aside.c.digest == digest,
                    BYTES_ARE_HERE,
                )
            )
        )
    )


def require_room_aside(connection: Connection, site_id: str, size: int, quota: AsideQuota) -> None:
    """Refuse what would pass the quota of a site: a disk full of what nobody looks at stops every device.

    Raises:
        QuotaExceeded: it would.
    """
    rows, used = connection.execute(
        select(func.count(), func.coalesce(func.sum(kept_aside.c.size), 0)).where(
            kept_aside.c.site_id == site_id, BYTES_ARE_HERE
        )
    ).one()
    if rows >= quota.rows or int(used) + size > quota.size:
        raise QuotaExceeded("Too much of this site is kept aside; an administrator has to look through it.")
