"""ECGs read in children: the sheet that is looked at first is kept ready, whatever else is asked is made."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from pydicom import Dataset

from core.access import at_site
from core.errors import InvalidRequest, NotFound, TooLarge
from core.limits import MIB
from ecg.paper import SHEET_SECONDS, PaperSettings
from renditions.allowance import allowance_for_samples
from renditions.child_messages import Task
from renditions.decoders import Decoders
from renditions.ecg_tasks import comparison_of, page_of, sheet_of
from renditions.rendition import RenditionKind
from renditions.rendition_store import RenditionStore
from storage.archive import Archive
from storage.instance import Instance, Study
from storage.query import Query, UIDList
from storage.waveform_data_set import waveform_data_set
from storage.waveform_part import WaveformPart, waveform_part

_WAVEFORM_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.9."
_LONG: Final = 4 * MIB
"""A longer object is a recording of hours: to draw ten seconds of it, ten seconds are read."""
_AROUND_SECONDS: Final = 5.0
"""Read with a sheet before and behind it, for its filters."""
_STANDARD: Final = PaperSettings()
_DRAWING_VERSION: Final = 3
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
        require_waveform(instance)
        if is_long(instance):
            raise TooLarge("This recording is long: ask for some of its seconds.")
        dataset = waveform_data_set(self._archive, instance)
        [made] = self._decoders.run(task, dataset, *arguments, allowance=allowance_for_samples(instance.size))
        return made

    def read_part(self, instance: Instance, task: Task, start_seconds: float, seconds: float) -> bytes:
        """Return what `leads_of` or `compact_of` makes of some seconds; raises as `read` does.

        Raises:
            InvalidRequest: the recording ends before them.
        """
        part = part_of(self._archive, instance, start_seconds, seconds)
        allowance = allowance_for_samples(sample_bytes(part.dataset))
        [made] = self._decoders.run(task, part.dataset, part.begins_at_seconds, allowance=allowance)
        return made

    def compared(self, instances: Sequence[Instance], marks: Sequence[str], settings: PaperSettings) -> bytes:
        """Draw ECGs beside each other, each under a mark and its study's lines; raises as `read` does."""
        headings = [[mark, *self.heading(instance)] for instance, mark in zip(instances, marks, strict=True)]
        shown = [self._shown(instance, settings) for instance in instances]
        datasets = [dataset for dataset, _ in shown]
        begins = [of_each.start_seconds for _, of_each in shown]
        allowance = allowance_for_samples(sum(map(sample_bytes, datasets)))
        [made] = self._decoders.run(comparison_of, datasets, begins, headings, settings, allowance=allowance)
        return made

    def study_of(self, instance: Instance) -> Study:
        """Return the study of an instance that was found."""
        query = Query(conditions={"StudyInstanceUID": UIDList((instance.study_instance_uid,))})
        [study] = self._archive.search_studies(query, visible_to=at_site(instance.site_id))
        return study

    def heading(self, instance: Instance) -> list[str]:
        """Return the lines above whatever is drawn of an instance."""
        return self._header_of(self.study_of(instance))

    def kept(self, instance: Instance, settings: PaperSettings) -> bytes | None:
        """Return the sheet as kept ready; None where it is not, or was drawn under another header."""
        if settings != _STANDARD:
            return None
        header = self.heading(instance)
        return self._store.body(instance, RenditionKind.ECG_SHEET, made_for=_digest(header))

    def drawn(self, instance: Instance, settings: PaperSettings) -> bytes:
        """Draw the sheet; raises as `read` does, and InvalidRequest where it would be empty."""
        return self._drawn(instance, sheet_of, settings, self.heading(instance))

    def page(self, instance: Instance, settings: PaperSettings, most_rows: int) -> bytes:
        """Draw a page of a printed report, as `ecg_tasks.page` gives it; raises as `read` does."""
        return self._drawn(instance, page_of, settings, most_rows)

    def keep_ready(self, instance: Instance) -> None:
        """Draw the sheet as it is looked at first, and keep it; raises as `read` does."""
        if self.kept(instance, _STANDARD) is not None:
            return
        header = self.heading(instance)
        sheet = self._drawn(instance, sheet_of, _STANDARD, header)
        self._store.keep(instance, RenditionKind.ECG_SHEET, sheet, made_for=_digest(header))

    def _drawn(self, instance: Instance, task: Task, settings: PaperSettings, *arguments: Any) -> bytes:
        dataset, settings = self._shown(instance, settings)
        allowance = allowance_for_samples(sample_bytes(dataset))
        [made] = self._decoders.run(task, dataset, settings, *arguments, allowance=allowance)
        return made

    def _shown(self, instance: Instance, settings: PaperSettings) -> tuple[Dataset, PaperSettings]:
        """Return what a sheet is drawn of, and where it begins there."""
        require_waveform(instance)
        if not is_long(instance):
            return waveform_data_set(self._archive, instance), settings
        around = _AROUND_SECONDS if settings.filters else 0.0
        before = min(settings.start_seconds, around)
        seconds = before + SHEET_SECONDS + around
        part = part_of(self._archive, instance, settings.start_seconds - before, seconds)
        begin = part.begins_at_seconds
        settings = replace(
            settings, start_seconds=settings.start_seconds - begin, part_begins_at_seconds=begin
        )
        return part.dataset, settings


def is_long(instance: Instance) -> bool:
    """Whether a waveform is read in parts, each for itself, rather than as a whole."""
    return is_waveform(instance) and instance.size > _LONG


def is_waveform(instance: Instance) -> bool:
    """Whether an instance holds waveforms rather than pixels."""
    return instance.sop_class_uid.startswith(_WAVEFORM_CLASSES)


def require_waveform(instance: Instance) -> None:
    """Raise NotFound for an instance that holds no waveform."""
    if not is_waveform(instance):
        raise NotFound("This instance holds no waveform.")


def part_of(archive: Archive, instance: Instance, start_seconds: float, seconds: float) -> WaveformPart:
    """Return some seconds of a waveform, of which there are any.

    Raises:
        NotFound: the instance holds no waveform.
        InvalidRequest: the recording ends before `start_seconds`.
        TooLarge, InvalidInstance, StorageUnavailable: as `waveform_part` does.
    """
    require_waveform(instance)
    part = waveform_part(archive, instance, start_seconds, seconds)
    if start_seconds >= part.whole_seconds:
        raise InvalidRequest(f"The recording lasts {part.whole_seconds:g} s.")
    return part


def sample_bytes(dataset: Dataset) -> int:
    """Return the bytes of all samples."""
    return sum(len(group.get("WaveformData", b"")) for group in dataset.get("WaveformSequence") or ())


def _digest(header: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([_DRAWING_VERSION, *header]).encode()).hexdigest()
