"""An instance's elements in the DICOM JSON model, kept ready: without bulk data, and without addresses.

Where bulk data is to be had is put in when the document is given out, since it depends on how the hub is
reached. How text was decoded is kept with it, and what was decided otherwise since makes it out of date.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from core.access import at_site
from core.limits import MIB
from database.engine import Database
from renditions.metadata_records import find_metadata
from storage.archive import Archive
from storage.character_sets import CharacterSets, Reading
from storage.dicom_json import encoded
from storage.element_json import tree_json
from storage.instance import Instance
from storage.instance_content import Content, opened

SetsOf = Callable[[str], CharacterSets]
Readings = dict[str, list[Any] | None]

KEPT_LIMIT: Final = 8 * MIB
"""A document that is longer when compressed is written each time."""
_BATCH: Final = 100
_MEMBER: Final = b'"BulkDataURI":"'
"""Inside a JSON string its quotes are escaped, so it is nowhere else."""
_ADDRESS: Final = re.compile(_MEMBER + rb'/([0-9A-F/]+)"')


@dataclass(frozen=True, kw_only=True)
class Document:
    """The data set of one instance. `readings` says for each declared character set how text was decoded."""

    body: bytes
    readings: Readings

    def addressed(self, bulk_url: str) -> bytes:
        """Return the JSON with its bulk data below an address."""
        return self.body.replace(_MEMBER, _MEMBER + json.dumps(bulk_url)[1:-1].encode())

    def bulk_paths(self) -> list[str]:
        """Return what is given by address, each by its place below it, such as 54000100/1/54001010."""
        return [found[1].decode("ascii") for found in _ADDRESS.finditer(self.body)]

    def packed(self) -> bytes | None:
        """Return it compressed, or None where it is too long to be kept."""
        compressed = zlib.compress(self.body)
        return compressed if len(compressed) <= KEPT_LIMIT else None

    @classmethod
    def unpacked(cls, compressed: bytes, readings: Readings) -> "Document":
        """Return what was packed."""
        return cls(body=zlib.decompress(compressed), readings=readings)

    def is_read_by(self, sets_of: SetsOf) -> bool:
        """Whether its text would be decoded now as it was."""
        return all(_stated(sets_of(declared)) == reading for declared, reading in self.readings.items())


def document_of(content: Content, sets_of: SetsOf) -> Document:
    """Write the document of an open instance."""
    readings: Readings = {}

    def noted(declared: str) -> CharacterSets:
        sets = sets_of(declared)
        readings[declared] = _stated(sets)
        return sets

    return Document(body=encoded(tree_json(content.tree, "", noted)), readings=readings)


def documents_of(archive: Archive, database: Database, instances: Sequence[Instance]) -> Iterator[Document]:
    """Yield the document of each instance, in their order: as kept, or written now.

    Raises:
        StorageUnavailable: an instance's bytes cannot be had.
    """
    readers: dict[tuple[str, str, str], SetsOf] = {}
    remaining = iter(instances)
    while batch := list(islice(remaining, _BATCH)):
        kept = _kept(database, batch)
        for instance in batch:
            source = (instance.site_id, instance.origin_kind, instance.source)
            if source not in readers:
                readers[source] = archive.character_sets.reader_of(instance)
            document = kept.get((instance.site_id, instance.digest))
            if document is None or not document.is_read_by(readers[source]):
                with opened(archive, instance) as content:
                    document = document_of(content, readers[source])
            yield document


def _kept(database: Database, instances: Sequence[Instance]) -> Mapping[tuple[str, str], Document]:
    kept = {}
    for site_id in {instance.site_id for instance in instances}:
        digests = [instance.digest for instance in instances if instance.site_id == site_id]
        with database.read(within=at_site(site_id)) as connection:
            found = find_metadata(connection, site_id, digests)
        for digest, (compressed, readings) in found.items():
            kept[site_id, digest] = Document.unpacked(compressed, readings)
    return kept


def _stated(sets: CharacterSets) -> list[Any] | None:
    reading: Reading | None = sets.reading
    return None if reading is None else [str(reading.encoding), reading.is_set_by_person]
