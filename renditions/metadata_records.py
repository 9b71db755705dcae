"""The SQL of metadata that is kept ready."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from renditions.preparation_version import VERSION
from renditions.tables import kept_metadata
from storage.instance import Instance


def find_metadata(
    connection: Connection, site_id: str, digests: Sequence[str]
) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Return what is kept of these instances of a site, by digest."""
    rows = connection.execute(
        select(kept_metadata.c.digest, kept_metadata.c.document, kept_metadata.c.readings).where(
            kept_metadata.c.site_id == site_id,
            kept_metadata.c.digest.in_(digests),
            kept_metadata.c.version == VERSION,
        )
    )
    return {row.digest: (row.document, row.readings) for row in rows}


def write_metadata(
    connection: Connection, site_id: str, kept: Sequence[tuple[Instance, bytes, dict[str, Any]]]
) -> None:
    """Keep the documents of a site's instances, with how their text was read, in place of what there was."""
    if not kept:
        return
    digests = [instance.digest for instance, _, _ in kept]
    connection.execute(
        delete(kept_metadata).where(kept_metadata.c.site_id == site_id, kept_metadata.c.digest.in_(digests))
    )
    connection.execute(
        insert(kept_metadata),
        [
            {
                "site_id": site_id,
                "digest": instance.digest,
                "version": VERSION,
                "document": document,
                "readings": readings,
            }
            for instance, document, readings in kept
        ],
    )
