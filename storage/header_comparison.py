"""Two headers side by side, for a person to decide by: what the bounded reader reads, as plain text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.datadict import keyword_for_tag

from core.errors import InvalidInstance, TooLarge
from storage.element_values import is_text
from storage.header_reader import read_header
from storage.instance import Instance, KeptAside
from storage.instance_header import InstanceHeader

if TYPE_CHECKING:
    from storage.archive import Archive

LONGEST_VALUE: Final = 200
MOST_ELEMENTS: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class ComparedElement:
    """One top-level element of what is kept aside and of what is held, None where one has it not."""

    tag: str
    keyword: str
    kept: str | None
    held: str | None

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.kept != self.held


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is to be seen of something kept aside. `held` names the instance in whose place it came."""

    kept: KeptAside
    held: Instance | None
    problem: str
    elements: list[ComparedElement]


def look_at(archive: "Archive", kept: KeptAside, held: Instance | None) -> Look:
    """Read both headers, as far as they can be read. Raises StorageUnavailable."""
    problem, ours, theirs = "", None, None
    try:
        ours = _header(archive, kept)
    except (InvalidInstance, TooLarge) as error:
        problem = str(error)
    if held is not None:
        theirs = _header(archive, held)
    return Look(kept=kept, held=held, problem=problem, elements=compare(ours, theirs))


def compare(kept: InstanceHeader | None, held: InstanceHeader | None) -> list[ComparedElement]:
    """Return the elements of either, in order of their tags; sequences and long values are left out."""
    tags = set(kept.elements if kept else ()) | set(held.elements if held else ())
    return [
        ComparedElement(
            tag=f"{tag:08X}",
            keyword=keyword_for_tag(tag),
            kept=_shown(kept, tag),
            held=_shown(held, tag),
        )
        for tag in sorted(tags)[:MOST_ELEMENTS]
    ]


def _header(archive: "Archive", kept: KeptAside | Instance) -> InstanceHeader:
    with archive.blobs.open(kept.blob_key) as blob:
        return read_header(
            blob,
            transfer_syntax_uid=kept.transfer_syntax_uid,
            data_set_offset=kept.data_set_offset,
            size=kept.size,
        )


def _shown(header: InstanceHeader | None, tag: int) -> str | None:
    element = header.elements.get(tag) if header else None
    if header is None or element is None:
        return None
    if is_text(element.vr):
        return header.text(tag)[:LONGEST_VALUE]
    number = header.integer(tag)
    if number is not None and len(element.value) <= 8:
        return str(number)
    shown = element.value[: LONGEST_VALUE // 4].hex()
    return f"{len(element.value)} bytes {shown}"
