"""ECGs read in children: the sheet that is looked at first is kept ready, whatever else is asked is made."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from core.access import at_site
from core.errors import NotFound
from core.limits import DECODING_BYTES, DECODING_CPU_SECONDS
from ecg.paper import PaperSettings
from renditions.allowance import Allowance
from renditions.child_messages import Task
from renditions.decoders import Decoders
from renditions.ecg_tasks import comparison_of, page_of, sheet_of
from renditions.rendition import RenditionKind
from renditions.rendition_store import RenditionStore
from storage.archive import Archive
from storage.instance import Instance, Study
from storage.query import Query, UIDList
from storage.waveform_data_set import waveform_data_set

_WAVEFORM_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.9."
_BYTES_FOR_EACH: Final = 40
"""A sample of two bytes is a number of eight, calibrated, drawn, and a word of JSON."""
_STANDARD: Final = PaperSettings()
_DRAWING_VERSION: Final = 2
"""Another one, and sheets kept ready are drawn anew: raised when the drawing changes."""

HeaderOf = Callable[[Study], list[str]]
"""The lines above the sheet: who and when, as the catalogue has it now."""


class Electrocardiograms:
    """Reads waveforms in children, and gives out the sheets that are kept."""

    def __init__(
        self, *, archive: Archive, decoders: Decoders, store: RenditionStore, header_of: HeaderOf
    ) -> None:
        self._archive = archive
        self._decoders = decoders
        self._store = store
        self._header_of = header_of

    def read(self, instance: Instance, task: Task, *arguments: Any) -> bytes:
        """Return what one of `renditions.ecg_tasks` makes of an ECG.

        Raises:
            NotFound: the instance holds no waveform.
            TooLarge: it is longer than is read in one piece.
            InvalidInstance: the waveform cannot be read; the words say why.
            UnsupportedTransferSyntax: to read it takes more than is allowed.
        """
        if not is_waveform(instance):
            raise NotFound("This instance holds no waveform.")
        dataset = waveform_data_set(self._archive, instance)
        [made] = self._decoders.run(task, dataset, *arguments, allowance=_allowance(instance.size))
        return made

    def compared(self, instances: Sequence[Instance], marks: Sequence[str], settings: PaperSettings) -> bytes:
        """Draw ECGs beside each other, each under a mark and its study's lines; raises as `read` does."""
        headings = [
            [mark, *self._header_of(self.study_of(instance))]
            for instance, mark in zip(instances, marks, strict=True)
        ]
        datasets = [waveform_data_set(self._archive, instance) for instance in instances]
        allowance = _allowance(sum(instance.size for instance in instances))
        [made] = self._decoders.run(comparison_of, datasets, headings, settings, allowance=allowance)
        return made

    def study_of(self, instance: Instance) -> Study:
        """Return the study of an instance that was found."""
        query = Query(conditions={"StudyInstanceUID": UIDList((instance.study_instance_uid,))})
        [study] = self._archive.search_studies(query, visible_to=at_site(instance.site_id))
        return study

    def kept(self, instance: Instance, settings: PaperSettings) -> bytes | None:
        """Return the sheet as kept ready; None where it is not, or was drawn under another header."""
        if settings != _STANDARD:
            return None
        header = self._header_of(self.study_of(instance))
        return self._store.body(instance, RenditionKind.ECG_SHEET, made_for=_digest(header))

    def drawn(self, instance: Instance, settings: PaperSettings) -> bytes:
        """Draw the sheet; raises as `read` does, and InvalidRequest where it would be empty."""
        return self.read(instance, sheet_of, settings, self._header_of(self.study_of(instance)))

    def page(self, instance: Instance, settings: PaperSettings, most_rows: int) -> bytes:
        """Draw a page of a printed report, as `ecg_tasks.page` gives it; raises as `read` does."""
        return self.read(instance, page_of, settings, most_rows)

    def keep_ready(self, instance: Instance) -> None:
        """Draw the sheet as it is looked at first, and keep it; raises as `read` does."""
        if self.kept(instance, _STANDARD) is not None:
            return
        header = self._header_of(self.study_of(instance))
        sheet = self.read(instance, sheet_of, _STANDARD, header)
        self._store.keep(instance, RenditionKind.ECG_SHEET, sheet, made_for=_digest(header))


def is_waveform(instance: Instance) -> bool:
    """Whether an instance holds waveforms rather than pixels."""
    return instance.sop_class_uid.startswith(_WAVEFORM_CLASSES)


def _allowance(size: int) -> Allowance:
    return Allowance(address_space=DECODING_BYTES + _BYTES_FOR_EACH * size, cpu_seconds=DECODING_CPU_SECONDS)


def _digest(header: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([_DRAWING_VERSION, *header]).encode()).hexdigest()
