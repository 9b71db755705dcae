"""The SQL of what is prepared: written whole in one transaction, read with the one page that is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select

from renditions.frame_index import page_of
from renditions.preparation_version import VERSION
from renditions.tables import frame_pages, preparations
from storage.instance import Instance


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is known of an instance's pixels; `number_of_frames` is 0 where it has none.

    `head_length` are the bytes of the data set before them; None where they are not read in one piece.
    """

    number_of_frames: int
    is_encapsulated: bool
    head_length: int | None = None


def find_preparation(
    connection: Connection, instance: Instance, number: int
) -> tuple[Preparation, bytes | None] | None:
    """Return what is prepared of an instance, with the page that holds this frame, if there is one."""
    row = connection.execute(
        select(
            preparations.c.number_of_frames,
            preparations.c.is_encapsulated,
            preparations.c.head_length,
            frame_pages.c.frames,
        )
        .join_from(
            preparations,
            frame_pages,
            and_(
                frame_pages.c.site_id == preparations.c.site_id,
                frame_pages.c.digest == preparations.c.digest,
                frame_pages.c.page == page_of(number),
            ),
            isouter=True,
        )
        .where(
            preparations.c.site_id == instance.site_id,
            preparations.c.digest == instance.digest,
            preparations.c.version == VERSION,
        )
    ).first()
    if row is None:
        return None
    found = Preparation(
        number_of_frames=row.number_of_frames,
        is_encapsulated=row.is_encapsulated,
        head_length=row.head_length,
    )
    return found, row.frames


def prepared_among(connection: Connection, site_id: str, digests: Sequence[str]) -> set[str]:
    """Return the digests of those instances of a site for which all is done."""
    return set(
        connection.scalars(
            select(preparations.c.digest).where(
                preparations.c.site_id == site_id,
                preparations.c.digest.in_(digests),
                preparations.c.version == VERSION,
            )
        )
    )


def write_preparations(
    connection: Connection,
    site_id: str,
    prepared: Sequence[tuple[Instance, Preparation, Sequence[bytes]]],
    *,
    now: datetime,
) -> None:
    """Write down what was prepared of a site's instances, with their pages, in place of what there was."""
    digests = [instance.digest for instance, _, _ in prepared]
    for table in (frame_pages, preparations):
        connection.execute(delete(table).where(table.c.site_id == site_id, table.c.digest.in_(digests)))
    connection.execute(
        insert(preparations),
        [
            {
                "site_id": site_id,
                "digest": instance.digest,
                "study_instance_uid": instance.study_instance_uid,
                "version": VERSION,
                "number_of_frames": found.number_of_frames,
                "is_encapsulated": found.is_encapsulated,
                "head_length": found.head_length,
                "prepared_at": now,
            }
            for instance, found, _ in prepared
        ],
    )
    rows = [
        {"site_id": site_id, "digest": instance.digest, "page": number, "frames": page}
        for instance, _, pages in prepared
        for number, page in enumerate(pages)
    ]
    if rows:
        connection.execute(insert(frame_pages), rows)
