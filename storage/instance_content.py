"""The inside of a stored instance: its elements, and the bytes of a value by position."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final, cast

from core.errors import NotFound
from core.limits import MIB
from storage.archive import Archive
from storage.byte_source import InflatedBytes
from storage.element_header import DEFLATED, EXPLICIT, LOOK_AHEAD, announced_encoding, sniffed_encoding
from storage.element_tree import Element, Tree, read_tree
from storage.instance import Instance

CHUNK: Final = MIB
_PIECE: Final = 64 * 1024
_IN_MEMORY: Final = 4 * MIB


@dataclass(frozen=True, kw_only=True)
class Content:
    """An open instance. Positions of the tree's elements are those of `stream`: the file's, or inflated."""

    stream: BinaryIO
    tree: Tree
    is_inflated: bool = False

    def element(self, path: str) -> Element:
        """Return the element at a path such as 54000100/1/54001010. Raises NotFound."""
        steps = path.split("/")
        tree = self.tree
        for position in range(0, len(steps) - 1, 2):
            items = _element_of(tree, steps[position]).items
            number = steps[position + 1]
            if items is None or not number.isdecimal() or not 0 < int(number) <= len(items):
                raise NotFound
            tree = items[int(number) - 1]
        return _element_of(tree, steps[-1] if len(steps) % 2 else "")

    def value(self, element: Element) -> bytes:
        """Return an element's whole value; for those that are known not to be bulky."""
        return element.value if element.value is not None else self.bytes_at(element.offset, element.length)

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Return so many bytes from a position, or fewer where the instance ends."""
        self.stream.seek(offset)
        return self.stream.read(length)

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield so many bytes from a position, a chunk at a time."""
        while length > 0:
            chunk = self.bytes_at(offset, min(CHUNK, length))
            if not chunk:
                return
            yield chunk
            offset += len(chunk)
            length -= len(chunk)


@contextmanager
def opened(archive: Archive, instance: Instance) -> Iterator[Content]:
    """Open an instance; a deflated one is inflated into a file of its own (PS3.5 A.5).

    Raises:
        StorageUnavailable: its bytes cannot be had.
    """
    with archive.open(instance) as blob, content_in(blob, instance) as content:
        yield content


@contextmanager
def content_in(blob: BinaryIO, instance: Instance) -> Iterator[Content]:
    """Give the inside of an instance whose file is open, or in memory; raises as `opened`."""
    start, end = instance.data_set_offset, instance.size
    blob.seek(start)
    sniffed = sniffed_encoding(blob.read(LOOK_AHEAD), end - start)
    if instance.transfer_syntax_uid in DEFLATED and sniffed != EXPLICIT:
        with _inflated(blob, start, end) as stream:
            tree = read_tree(stream, start=0, end=stream.seek(0, 2), encoding=EXPLICIT)
            yield Content(stream=stream, tree=tree, is_inflated=True)
        return
    encoding = sniffed or announced_encoding(instance.transfer_syntax_uid)
    yield Content(stream=blob, tree=read_tree(blob, start=start, end=end, encoding=encoding))


def content_of_head(head: bytes, instance: Instance) -> Content:
    """Return what the first bytes of a data set hold; what lies behind them has no length there."""
    encoding = sniffed_encoding(head[:LOOK_AHEAD], instance.size - instance.data_set_offset)
    stream = BytesIO(head)
    tree = read_tree(
        stream, start=0, end=len(head), encoding=encoding or announced_encoding(instance.transfer_syntax_uid)
    )
    return Content(stream=stream, tree=tree)


@contextmanager
def _inflated(blob: BinaryIO, start: int, end: int) -> Iterator[BinaryIO]:
    source = InflatedBytes(blob, start=start, end=end)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        position = 0
        while piece := source.read_at(position, _PIECE):
            position += spool.write(piece)
        yield cast("BinaryIO", spool)


def _element_of(tree: Tree, tag: str) -> Element:
    try:
        return tree[int(tag, 16)]
    except (KeyError, ValueError):
        raise NotFound from None
