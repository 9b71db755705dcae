"""Pictures of an instance, kept ready or made now: whoever asks gets the same, one only sooner."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from core.errors import NotFound, UnsupportedTransferSyntax
from core.limits import MIB
from database.engine import Database
from imaging.jpeg_ls import JPEG_LS_LOSSLESS
from imaging.picture import JPEG
from imaging.rendering import Rendering
from imaging.transfer_syntaxes import is_lossless
from renditions.allowance import Allowance
from renditions.cine import FRAMES_AT_MOST, milliseconds_of
from renditions.decoders import Decoders
from renditions.decoding_tasks import jpeg_ls_of, picture_of
from renditions.frame_image import FrameImage
from renditions.picture_tasks import cine_of, scaled_of
from renditions.rendition import SIDES, STILLS, RenditionKind
from renditions.rendition_store import RenditionStore
from renditions.stored_frames import StoredFrames
from storage.archive import Archive
from storage.instance import Instance
from storage.instance_content import opened

_FIRST: Final = 1
RADIOGRAPHS: Final = frozenset(
    f"1.2.840.10008.5.1.4.1.1.1{suffix}" for suffix in ("", ".1", ".1.1", ".2", ".2.1", ".3", ".3.1")
)
"""Computed and digital radiography, mammography and intra-oral images."""
_CINE_BYTES: Final = 128 * MIB
"""Stored bytes of frames that go into one moving picture."""


class Pictures:
    """Makes pictures in children, and gives out those that are kept."""

    def __init__(
        self, *, database: Database, archive: Archive, decoders: Decoders, store: RenditionStore
    ) -> None:
        self._database = database
        self._archive = archive
        self._decoders = decoders
        self._store = store

    def kept(self, instance: Instance, kind: RenditionKind) -> bytes | None:
        """Return a picture that is kept ready, or None."""
        return self._store.body(instance, kind)

    def made(self, instance: Instance, kind: RenditionKind) -> bytes:
        """Make a picture of the first frame, or the moving one.

        Raises:
            NotFound: the instance has no pixel data, or is no cine.
            UnsupportedTransferSyntax: it cannot be shown.
            StorageUnavailable: its bytes cannot be had.
        """
        return self._cine(instance) if kind is RenditionKind.CINE else self.still(instance, _FIRST, kind)

    def lossless(self, instance: Instance, number: int) -> bytes:
        """Return a frame in JPEG-LS without loss, as kept ready or made now.

        Raises:
            UnsupportedTransferSyntax: something would be lost.
        """
        kept = self.kept(instance, RenditionKind.LOSSLESS) if number == _FIRST else None
        return self._in_jpeg_ls(instance, number) if kept is None else kept

    def still(self, instance: Instance, number: int, kind: RenditionKind) -> bytes:
        """Make a picture of one frame; raises as `made` does."""
        [body] = self._stills(instance, number, [kind])
        return body

    def shown(self, instance: Instance, number: int, rendering: Rendering) -> bytes:
        """Return a frame as JPEG, rendered as is asked for; raises as `made` does."""
        with self._frames(instance, number) as frames:
            frames.require_frames([number])
            image = frames.image(number)
        [body] = self._decoders.run(picture_of, image, JPEG, rendering, allowance=image.allowance())
        return body

    def keep_ready(self, instance: Instance) -> None:
        """Make what is not kept yet, and keep it.

        Raises:
            NotFound, UnsupportedTransferSyntax: there is nothing to show.
            QuotaExceeded, StorageUnavailable: it cannot be kept now.
        """
        kept = self._store.kinds(instance)
        missing = [kind for kind in STILLS if kind not in kept]
        if missing:
            for kind, body in zip(missing, self._stills(instance, _FIRST, missing), strict=True):
                self._store.keep(instance, kind, body)
        if RenditionKind.LOSSLESS not in kept and has_lossless(instance):
            with suppress(UnsupportedTransferSyntax):
                self._store.keep(instance, RenditionKind.LOSSLESS, self._in_jpeg_ls(instance, _FIRST))
        if RenditionKind.CINE not in kept:
            with suppress(NotFound):
                self._store.keep(instance, RenditionKind.CINE, self._cine(instance))

    def _stills(self, instance: Instance, number: int, kinds: Sequence[RenditionKind]) -> list[bytes]:
        with self._frames(instance, number) as frames:
            frames.require_frames([number])
            image = frames.image(number)
        sides = [SIDES[kind] for kind in kinds]
        return self._decoders.run(scaled_of, image, sides, allowance=image.allowance())

    def _in_jpeg_ls(self, instance: Instance, number: int) -> bytes:
        with self._frames(instance, number) as frames:
            frames.require_frames([number])
            image = frames.image(number)
        [body] = self._decoders.run(jpeg_ls_of, image, allowance=image.allowance())
        return body

    def _cine(self, instance: Instance) -> bytes:
        if not instance.number_of_frames or instance.number_of_frames < 2:
            raise NotFound("The instance is no cine.")
        with opened(self._archive, instance) as content:
            milliseconds = milliseconds_of(content.tree)
        if milliseconds is None:
            raise NotFound("The instance does not say how fast its frames follow each other.")
        images = self._images(instance)
        side = SIDES[RenditionKind.CINE]
        [body] = self._decoders.run(cine_of, images, side, milliseconds, allowance=_allowance(images))
        return body

    def _images(self, instance: Instance) -> list[FrameImage]:
        images: list[FrameImage] = []
        size = 0
        with self._frames(instance, _FIRST) as frames:
            for number in range(1, min(frames.number_of_frames, FRAMES_AT_MOST) + 1):
                image = frames.image(number)
                size += len(image.frame)
                if size > _CINE_BYTES:
                    break
                images.append(image)
        if not images:
            raise UnsupportedTransferSyntax("The frames are too large for a moving picture.")
        return images

    def _frames(self, instance: Instance, number: int) -> StoredFrames:
        return StoredFrames(self._archive, self._database, instance, first=number)


def has_lossless(instance: Instance) -> bool:
    """Whether an instance is a radiograph that is smaller in JPEG-LS, without loss since it was taken."""
    is_radiograph = instance.sop_class_uid in RADIOGRAPHS
    stored = instance.transfer_syntax_uid
    return is_radiograph and stored != JPEG_LS_LOSSLESS and is_lossless(stored)


def _allowance(images: Sequence[FrameImage]) -> Allowance:
    """Frames are decoded one after the other, and each takes its time."""
    each = [image.allowance() for image in images]
    return Allowance(
        address_space=max(allowance.address_space for allowance in each),
        cpu_seconds=each[0].cpu_seconds + len(images) // 2,
    )
