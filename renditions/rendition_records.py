"""The SQL of renditions: which blob holds which."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from renditions.preparation_version import VERSION
from renditions.rendition import Rendition, RenditionKind
from renditions.tables import renditions
from storage.instance import Instance


def find_renditions(connection: Connection, instance: Instance) -> dict[RenditionKind, Rendition]:
    """Return what is made of an instance."""
    rows = connection.execute(
        select(
            renditions.c.kind,
            renditions.c.media_type,
            renditions.c.blob_key,
            renditions.c.size,
            renditions.c.rendition_digest,
            renditions.c.made_for,
        ).filter_by(site_id=instance.site_id, digest=instance.digest, version=VERSION)
    )
    return {
        RenditionKind(row.kind): Rendition(
            kind=RenditionKind(row.kind),
            media_type=row.media_type,
            blob_key=row.blob_key,
            size=row.size,
            digest=row.rendition_digest,
            made_for=row.made_for,
        )
        for row in rows
    }


def write_rendition(
    connection: Connection, instance: Instance, made: Rendition, *, now: datetime
) -> str | None:
    """Write down one whose blob is durable; return the key of the blob that it takes the place of."""
    key = {"site_id": instance.site_id, "digest": instance.digest, "kind": made.kind.value}
    replaced = connection.scalar(select(renditions.c.blob_key).filter_by(**key))
    connection.execute(delete(renditions).filter_by(**key))
    connection.execute(
        insert(renditions),
        {
            **key,
            "version": VERSION,
            "media_type": made.media_type,
            "blob_key": made.blob_key,
            "size": made.size,
            "rendition_digest": made.digest,
            "made_for": made.made_for,
            "made_at": now,
        },
    )
    return replaced


def named_blobs(connection: Connection, blob_keys: Collection[str]) -> set[str]:
    """Return those of the keys that hold a rendition."""
    return set(connection.scalars(select(renditions.c.blob_key).where(renditions.c.blob_key.in_(blob_keys))))
