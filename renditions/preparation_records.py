"""The SQL of what is prepared: written whole in one transaction, read with the one page that is needed."""

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


def is_prepared(connection: Connection, instance: Instance) -> bool:
    """Whether all is done for an instance."""
    return find_preparation(connection, instance, 1) is not None


def write_preparation(
    connection: Connection, instance: Instance, found: Preparation, pages: list[bytes], *, now: datetime
) -> None:
    """Write down what was prepared, in place of what there was."""
    key = {"site_id": instance.site_id, "digest": instance.digest}
    for table in (frame_pages, preparations):
        connection.execute(delete(table).filter_by(**key))
    connection.execute(
        insert(preparations),
        {
            **key,
            "study_instance_uid": instance.study_instance_uid,
            "version": VERSION,
            "number_of_frames": found.number_of_frames,
            "is_encapsulated": found.is_encapsulated,
            "head_length": found.head_length,
            "prepared_at": now,
        },
    )
    if pages:
        rows = [{**key, "page": number, "frames": page} for number, page in enumerate(pages)]
        connection.execute(insert(frame_pages), rows)
