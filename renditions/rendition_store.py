"""Keeps renditions as blobs with a row each, and reads them back checked."""

import hashlib
from collections.abc import Iterable

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import StorageUnavailable
from core.uids import new_key
from database.engine import Database
from renditions.rendition import MEDIA_TYPES, Rendition, RenditionKind
from renditions.rendition_records import find_renditions, named_blobs, write_rendition
from storage.archive import Archive
from storage.instance import Instance


class RenditionStore:
    """The renditions of all instances; each belongs to the digest of its instance at a site."""

    def __init__(self, *, database: Database, archive: Archive, clock: Clock) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock

    def kinds(self, instance: Instance) -> set[RenditionKind]:
        """Return which are kept of an instance."""
        return set(self._found(instance))

    def body(self, instance: Instance, kind: RenditionKind, *, made_for: str = "") -> bytes | None:
        """Return one that is kept; None where it is not, is damaged, or was made for something else."""
        kept = self._found(instance).get(kind)
        if kept is None or kept.made_for != made_for:
            return None
        try:
            body = self._archive.blobs.read_at(kept.blob_key, 0, kept.size)
        except StorageUnavailable:
            return None  # it can be made anew of the instance, if that is there
        return body if hashlib.sha256(body).hexdigest() == kept.digest else None

    def keep(self, instance: Instance, kind: RenditionKind, body: bytes, *, made_for: str = "") -> None:
        """Put the blob, then write its row: a row without a blob cannot be.

        Raises:
            QuotaExceeded, StorageUnavailable: it cannot be kept now.
        """
        self.keep_pieces(instance, kind, [body], made_for=made_for)

    def keep_pieces(
        self, instance: Instance, kind: RenditionKind, pieces: Iterable[bytes], *, made_for: str = ""
    ) -> None:
        """Keep what is too long to be held as a whole; raises as `keep` does."""
        self._archive.require_room()
        now = self._clock.now()
        digest = hashlib.sha256()
        with self._archive.incoming.new_file(now) as file:
            for piece in pieces:
                file.write_part10(piece)
                digest.update(piece)
            kept = Rendition(
                kind=kind,
                media_type=MEDIA_TYPES[kind],
                blob_key=f"{instance.site_id}/renditions/{new_key(now)}",
                size=file.size,
                digest=digest.hexdigest(),
                made_for=made_for,
            )
            self._archive.blobs.put(kept.blob_key, file.durable())
        with self._database.write(within=at_site(instance.site_id)) as connection:
            replaced = write_rendition(connection, instance, kept, now=now)
        if replaced is not None:
            self._archive.blobs.delete(replaced)

    def named(self, blob_keys: set[str]) -> set[str]:
        """Return those of the keys that hold a rendition, for the sweep to leave."""
        with self._database.read(within=EVERY_SITE) as connection:
            return named_blobs(connection, blob_keys)

    def _found(self, instance: Instance) -> dict[RenditionKind, Rendition]:
        with self._database.read(within=at_site(instance.site_id)) as connection:
            return find_renditions(connection, instance)
