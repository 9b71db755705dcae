"""Pictures of an instance, kept ready or made now: whoever asks gets the same, one only sooner."""

import hashlib
from collections.abc import Mapping
from typing import Final

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import StorageUnavailable
from core.uids import new_key
from database.engine import Database
from imaging.picture import JPEG
from renditions.decoders import Decoders
from renditions.picture_tasks import scaled_of
from renditions.rendition import SIDES, Rendition, RenditionKind
from renditions.rendition_records import find_renditions, named_blobs, write_rendition
from renditions.stored_frames import StoredFrames
from storage.archive import Archive
from storage.instance import Instance

_FIRST: Final = 1


class Pictures:
    """Makes pictures in children, keeps them as blobs, and gives them out."""

    def __init__(self, *, database: Database, archive: Archive, decoders: Decoders, clock: Clock) -> None:
        self._database = database
        self._archive = archive
        self._decoders = decoders
        self._clock = clock

    def picture(self, instance: Instance, kind: RenditionKind) -> bytes:
        """Return the picture of the first frame as JPEG.

        Raises:
            NotFound: the instance has no pixel data.
            UnsupportedTransferSyntax: it cannot be shown.
            StorageUnavailable: its bytes cannot be had.
        """
        kept = self._kept(instance).get(kind)
        if kept is not None:
            try:
                return self._read(kept)
            except StorageUnavailable:
                pass  # what is away or damaged here can be made anew of the instance
        return self.made(instance, _FIRST, {kind: SIDES[kind]})[kind]

    def made(
        self, instance: Instance, number: int, sides: Mapping[RenditionKind, int]
    ) -> dict[RenditionKind, bytes]:
        """Make pictures of a frame, each with its longest side; raises as `picture` does."""
        with StoredFrames(self._archive, self._database, instance, first=number) as frames:
            frames.require_frames([number])
            image = frames.image(number)
        parts = self._decoders.run(scaled_of, image, list(sides.values()), allowance=image.allowance())
        return dict(zip(sides, parts, strict=True))

    def keep_ready(self, instance: Instance) -> None:
        """Make what is not kept yet, and keep it.

        Raises:
            NotFound, UnsupportedTransferSyntax: there is nothing to show.
            QuotaExceeded, StorageUnavailable: it cannot be kept now.
        """
        missing = {kind: side for kind, side in SIDES.items() if kind not in self._kept(instance)}
        if not missing:
            return
        self._archive.require_room()
        for kind, body in self.made(instance, _FIRST, missing).items():
            self._keep(instance, kind, JPEG, body)

    def named(self, blob_keys: set[str]) -> set[str]:
        """Return those of the keys that hold a picture, for the sweep to leave."""
        with self._database.read(within=EVERY_SITE) as connection:
            return named_blobs(connection, blob_keys)

    def _kept(self, instance: Instance) -> dict[RenditionKind, Rendition]:
        with self._database.read(within=at_site(instance.site_id)) as connection:
            return find_renditions(connection, instance)

    def _read(self, kept: Rendition) -> bytes:
        body = self._archive.blobs.read_at(kept.blob_key, 0, kept.size)
        if hashlib.sha256(body).hexdigest() != kept.digest:
            raise StorageUnavailable("A rendition is damaged in the blob store.")
        return body

    def _keep(self, instance: Instance, kind: RenditionKind, media_type: str, body: bytes) -> None:
        """Put the blob, then write its row: a row without a blob cannot be."""
        now = self._clock.now()
        kept = Rendition(
            kind=kind,
            media_type=media_type,
            blob_key=f"{instance.site_id}/renditions/{new_key(now)}",
            size=len(body),
            digest=hashlib.sha256(body).hexdigest(),
        )
        with self._archive.incoming.new_file(now) as file:
            file.write_part10(body)
            self._archive.blobs.put(kept.blob_key, file.durable())
        with self._database.write(within=at_site(instance.site_id)) as connection:
            replaced = write_rendition(connection, instance, kept, now=now)
        if replaced is not None:
            self._archive.blobs.delete(replaced)
