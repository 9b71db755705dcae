"""Recordings of hours: a page of them is one ranged read, and the trend of their rate is kept ready."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from ecg.disclosure import ROW_SECONDS, ROWS
from ecg.trend import Minute, minutes, trend_svg
from renditions.allowance import allowance_for_samples
from renditions.child_messages import Task
from renditions.decoders import Decoders
from renditions.electrocardiograms import part_of, require_waveform, sample_bytes
from renditions.holter_tasks import beats_of, disclosure_of
from renditions.rendition import RenditionKind
from renditions.rendition_store import RenditionStore
from storage.archive import Archive
from storage.instance import Instance
from storage.waveform_part import WaveformPart, waveform_part

OVERVIEW_JOB: Final = "renditions.overview"
PIECE_SECONDS: Final = 300.0
"""Beats are looked for in pieces as long as this, ..."""
_OVERLAP_SECONDS: Final = 5.0
"""... that share so much: a beat at a seam is whole in one of them."""
_VERSION: Final = "2"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A whole recording at a glance; the rates are computed by the hub."""

    seconds: float
    lead: str
    """In which the beats were found."""
    beats: int
    minutes: list[Minute]
    recorded_at: str
    """The device's clock at the first sample as DICOM writes it (DT), empty where it says nothing."""


class Holter:
    """Draws pages of long recordings, and keeps their overviews."""

    def __init__(self, *, archive: Archive, decoders: Decoders, store: RenditionStore) -> None:
        self._archive = archive
        self._decoders = decoders
        self._store = store

    def page(self, instance: Instance, lead: str, gain: float, start_seconds: float) -> bytes:
        """Draw some minutes of one lead, the usual one where `lead` is empty.

        Raises:
            NotFound: the instance holds no waveform.
            InvalidRequest: it ends before `start_seconds`, or has no such lead.
            TooLarge, InvalidInstance, UnsupportedTransferSyntax: it cannot be read.
        """
        part = part_of(self._archive, instance, start_seconds, ROWS * ROW_SECONDS)
        return self._made(disclosure_of, part, lead, gain, part.begins_at_seconds, ())

    def overview(self, instance: Instance) -> Overview:
        """Return the overview that is kept, or work it out now; raises as `page` does."""
        kept = self._store.body(instance, RenditionKind.ECG_OVERVIEW, made_for=_VERSION)
        return self._worked_out(instance) if kept is None else _from_json(kept)

    def keep_ready(self, instance: Instance) -> None:
        """Work the overview out and keep it; raises as `page` does."""
        if self._store.body(instance, RenditionKind.ECG_OVERVIEW, made_for=_VERSION) is None:
            body = json.dumps(asdict(self._worked_out(instance))).encode()
            self._store.keep(instance, RenditionKind.ECG_OVERVIEW, body, made_for=_VERSION)

    def trend(self, instance: Instance) -> bytes:
        """Draw the rate over the whole recording, without a name; raises as `page` does."""
        overview = self.overview(instance)
        begins_at = _clock(overview.recorded_at)
        return trend_svg(overview.minutes, overview.seconds, begins_at).encode()

    def _worked_out(self, instance: Instance) -> Overview:
        seconds, lead, recorded_at, found = 0.0, "", "", list[float]()
        for part, told in self._pieces(instance):
            seconds = part.whole_seconds
            lead = lead or told["lead"]
            recorded_at = str(part.dataset.get("AcquisitionDateTime") or "")
            moments = (part.begins_at_seconds + each for each in told["seconds"])
            # In the middle of what two pieces share the one gives way to the other.
            begin = part.begins_at_seconds + _OVERLAP_SECONDS / 2 if part.begins_at_seconds else 0.0
            end = part.begins_at_seconds + PIECE_SECONDS + _OVERLAP_SECONDS / 2
            found.extend(each for each in moments if begin <= each < end)
        return Overview(
            seconds=seconds,
            lead=lead,
            beats=len(found),
            minutes=minutes(np.array(found)),
            recorded_at=recorded_at,
        )

    def _pieces(self, instance: Instance) -> Iterator[tuple[WaveformPart, dict[str, Any]]]:
        require_waveform(instance)
        start, whole = 0.0, PIECE_SECONDS
        while start < whole:
            part = waveform_part(self._archive, instance, start, PIECE_SECONDS + _OVERLAP_SECONDS)
            whole = part.whole_seconds
            yield part, json.loads(self._made(beats_of, part))
            start += PIECE_SECONDS

    def _made(self, task: Task, part: WaveformPart, *arguments: Any) -> bytes:
        allowance = allowance_for_samples(sample_bytes(part.dataset))
        [made] = self._decoders.run(task, part.dataset, *arguments, allowance=allowance)
        return made


def _clock(recorded_at: str) -> datetime | None:
    try:
        return datetime.strptime(recorded_at[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the device's own clock
    except ValueError:
        return None


def _from_json(body: bytes) -> Overview:
    told = json.loads(body)
    return Overview(**told | {"minutes": [Minute(**each) for each in told["minutes"]]})
