"""The frames of an instance for whoever reads: one ranged, checked read where the index has them."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from pydicom import Dataset

from core.access import at_site
from core.errors import NotFound, StorageUnavailable
from database.engine import Database
from database.topics import study_topic
from renditions.frame_image import FrameImage
from renditions.frame_index import IndexedFrame, frame_on, page_of
from renditions.pixel_data import PixelData, require_length
from renditions.preparation_records import Preparation, find_preparation
from renditions.rendition import RenditionKind
from renditions.rendition_records import find_renditions
from storage.archive import Archive
from storage.element_header import DEFLATED, EXPLICIT_VR_BIG_ENDIAN
from storage.instance import Instance
from storage.instance_content import content_of_head, opened


class StoredFrames:
    """An instance's frames. What is not prepared yet, or cannot be, is looked for in the instance itself.

    A context manager: the instance is opened only when it is needed, and closed at the end.
    `first` is a frame that is wanted, for its page of the index to be had with the first look.

    Raises:
        NotFound: the instance has no pixel data.
        StorageUnavailable: its bytes cannot be had, or are not those that were received.
    """

    def __init__(self, archive: Archive, database: Database, instance: Instance, *, first: int = 1) -> None:
        self._archive = archive
        self._database = database
        self.instance = instance
        self._stack = ExitStack()
        self._pages: dict[int, bytes | None] = {}
        self._preparation = self._look(first)
        if self._preparation is not None and self._preparation.number_of_frames == 0:
            raise NotFound("The instance has no pixel data.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        for opened_once in ("_pixels", "_head"):
            self.__dict__.pop(opened_once, None)

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are compressed, or wrapped as if they were (PS3.5 A.4)."""
        return (self._preparation or self._pixels).is_encapsulated

    @property
    def number_of_frames(self) -> int:
        """Number of Frames, 1 where nothing is said."""
        return (self._preparation or self._pixels).number_of_frames

    def require_frames(self, numbers: Sequence[int]) -> None:
        """Raise NotFound unless every frame exists; they count from 1."""
        if not all(0 < number <= self.number_of_frames for number in numbers):
            raise NotFound(f"The frames are numbered 1 to {self.number_of_frames}.")

    def stored(self, number: int) -> bytes:
        """Return a frame as it lies in the instance; native pixels always in little endian.

        Raises:
            UnsupportedTransferSyntax: the pixel data cannot be parted into frames.
        """
        indexed = self._indexed(number)
        if indexed is None or self._source is None:
            return self._pixels.stored(number)
        require_length(indexed.range.length)
        try:
            frame = indexed.checked(self._read(indexed.range.offset, indexed.range.length))
        except StorageUnavailable:
            if self._source == (self.instance.blob_key, self.instance.data_set_offset):
                raise
            return self._pixels.stored(number)  # what was made of an instance is had of the instance too
        if self.instance.transfer_syntax_uid == EXPLICIT_VR_BIG_ENDIAN:
            return self._head.turned(frame)
        return frame

    def image(self, number: int) -> FrameImage:
        """Return a frame with all that says how to read and show it, to be decoded.

        Raises:
            UnsupportedTransferSyntax: it is too large to decode, or cannot be parted from the others.
        """
        self._head.require_decodable()
        return self._head.image(self.stored(number), number)

    def attributes(self, number: int = 1) -> Dataset:
        """Return what is said of a frame, without its pixels."""
        return self._head.attributes(number)

    @cached_property
    def _head(self) -> PixelData:
        """What says how to show the pixels: one read, where it is known how much that is."""
        length = None if self._preparation is None else self._preparation.head_length
        if length is None or self._source is None:
            return self._pixels
        try:
            head = self._read(0, length)
        except StorageUnavailable:
            return self._pixels
        return PixelData(content_of_head(head, self.instance), self.instance, is_head=True)

    def _read(self, offset: int, length: int) -> bytes:
        """Return a part of the data set, by where it lies behind its beginning."""
        blob_key, start = self._source or ("", 0)
        return self._archive.blobs.read_at(blob_key, start + offset, length)

    @cached_property
    def _source(self) -> tuple[str, int] | None:
        """The blob that holds the data set as it was indexed, and where in it; None where there is none."""
        if self.instance.transfer_syntax_uid not in DEFLATED:
            return self.instance.blob_key, self.instance.data_set_offset
        with self._database.read(within=at_site(self.instance.site_id)) as connection:
            kept = find_renditions(connection, self.instance).get(RenditionKind.INFLATED)
        return None if kept is None else (kept.blob_key, 0)

    @cached_property
    def _pixels(self) -> PixelData:
        content = self._stack.enter_context(opened(self._archive, self.instance))
        return PixelData(content, self.instance)

    def _indexed(self, number: int) -> IndexedFrame | None:
        if self._preparation is None:
            return None
        page = page_of(number)
        if page not in self._pages:
            self._look(number)
        found = self._pages.get(page)
        return None if found is None else frame_on(found, number)

    def _look(self, number: int) -> Preparation | None:
        key = ("frames", self.instance.site_id, self.instance.digest, page_of(number))
        of_study = study_topic(self.instance.study_instance_uid)
        found = self._database.recalled(key, lambda: self._asked(number), on=(of_study,))
        self._pages[page_of(number)] = None if found is None else found[1]
        return None if found is None else found[0]

    def _asked(self, number: int) -> tuple[Preparation, bytes | None] | None:
        with self._database.read(within=at_site(self.instance.site_id)) as connection:
            return find_preparation(connection, self.instance, number)
