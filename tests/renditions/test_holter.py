"""Long recordings: what a page reads, and what it shows, against the samples that were stored."""

import json
import re
from datetime import timedelta

import numpy as np
import pytest

from core.errors import InvalidInstance, InvalidRequest, NotFound, TooLarge
from core.limits import MIB
from database.jobs import claim_jobs
from ecg.filters import SheetFilter
from ecg.paper import PaperSettings
from renditions.ecg_tasks import leads_of
from renditions.electrocardiograms import is_long
from renditions.holter import OVERVIEW_JOB
from renditions.preparation import PICTURE_JOB
from renditions.rendition import RenditionKind
from storage import waveform_part
from storage.instance import Instance
from tests.ecg.electrocardiograms import channel, group
from tests.ecg.test_beats import heart
from tests.ecg.test_paper import traces
from tests.renditions.conftest import Room
from tests.viewer_api.stored import part10, small

AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.3"
RATE = 250
HOURS = 1
SECONDS = 3600 * HOURS
BEATS = np.concatenate([np.arange(0.4, SECONDS / 2, 1.0), np.arange(SECONDS / 2 + 0.2, SECONDS - 1, 0.5)])

pytestmark = pytest.mark.sqlite_only("about waveforms")


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """An hour of three leads: a rate of 60, then of 120."""
    lead = np.concatenate([_minute(start) for start in range(0, SECONDS, 60)])
    # The line wanders far more slowly than the pieces are long, so their ends never meet.
    lead += 3000 * np.sin(2 * np.pi * np.arange(len(lead)) / RATE / 1700)
    return np.stack([lead, lead / 2, -lead], axis=1).astype("<i2")


def _minute(start: int) -> np.ndarray:
    within = BEATS[(start <= BEATS) & (start + 60 > BEATS)]
    return heart(within - start, 60, rate=RATE)


@pytest.fixture
def long_ecg(room: Room, samples: np.ndarray) -> Instance:
    dataset = small(SOPClassUID=AMBULATORY, Modality="ECG", AcquisitionDateTime="20260102073000")
    del dataset.PixelData
    channels = [channel(f"5.6.3-9-{number}") for number in (2, 3, 7)]
    dataset.WaveformSequence = [group(samples, channels, SamplingFrequency=RATE)]
    instance = room.store(part10(dataset))
    assert instance.size > 5 * MIB
    return instance


def test_a_sheet_anywhere_reads_a_sheet_and_shows_the_samples_there(
    room: Room, long_ecg: Instance, samples: np.ndarray
) -> None:
    room.blobs.forget()
    sheet = room.electrocardiograms().drawn(long_ecg, PaperSettings(start_seconds=1800.5)).decode()
    assert room.blobs.bytes_read < MIB
    points = np.array(traces(sheet, "II")[-1])
    stored = samples[round(1800.5 * RATE) :, 0].astype(float)[: len(points)] / 100
    assert np.abs((points[0, 1] - points[:, 1]) - (stored - stored[0])).max() < 0.1
    assert "from 1800.5 s (0:30:00)" in sheet


def test_filters_know_what_lies_before_and_behind(room: Room, long_ecg: Instance) -> None:
    filters = (SheetFilter.DIAGNOSTIC,)
    sheet = room.electrocardiograms().drawn(long_ecg, PaperSettings(start_seconds=100, filters=filters))
    assert b"FILTERED" in sheet
    assert b"from 100 s" in sheet


def test_it_is_given_as_numbers_in_parts_and_never_whole(
    room: Room, long_ecg: Instance, samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecgs = room.electrocardiograms()
    with pytest.raises(TooLarge):
        ecgs.read(long_ecg, leads_of)
    told = json.loads(ecgs.read_part(long_ecg, leads_of, 60, 2))
    assert told["begins_at_seconds"] == 60
    assert told["leads"]["II"][:500] == samples[60 * RATE : 62 * RATE, 0].tolist()
    monkeypatch.setattr(waveform_part, "PART_LIMIT", 2000)
    with pytest.raises(TooLarge, match="ask for less"):
        ecgs.read_part(long_ecg, leads_of, 0, 2)
    with pytest.raises(InvalidRequest, match="lasts 3600 s"):
        ecgs.read_part(long_ecg, leads_of, 3600, 2)


def test_the_overview_is_kept_ready_behind_the_first_sheet(room: Room, long_ecg: Instance) -> None:
    assert room.draw() == []
    assert RenditionKind.ECG_OVERVIEW not in room.kept().kinds(long_ecg)
    assert room.look_over() == []
    assert {RenditionKind.ECG_OVERVIEW, RenditionKind.ECG_SHEET} <= room.kept().kinds(long_ecg)
    overview = room.holter().overview(long_ecg)
    assert (overview.seconds, overview.lead) == (SECONDS, "II")
    assert overview.beats == pytest.approx(len(BEATS), abs=3)
    assert [each.number for each in overview.minutes] == list(range(60 * HOURS))
    assert {round(each.median) for each in overview.minutes[:30]} == {60}
    assert {round(each.median) for each in overview.minutes[30:]} == {120}
    # No beat is counted twice where two pieces meet, and none is lost.
    assert max(each.highest for each in overview.minutes) < 130
    assert min(each.lowest for each in overview.minutes) > 55
    drawing = room.holter().trend(long_ecg).decode()
    assert ">07:35<" in drawing


def test_a_page_shows_minutes_of_one_lead(room: Room, long_ecg: Instance) -> None:
    room.blobs.forget()
    page = room.holter().page(long_ecg, "", 10, 1200).decode()
    assert len(traces(page, "II")) == 20
    assert ">0:20:00<" in page
    assert room.blobs.bytes_read < 3 * MIB
    assert len(re.findall('data-lead="V1"', room.holter().page(long_ecg, "V1", 10, 3000).decode())) == 10


def test_what_is_not_there_is_said(room: Room, long_ecg: Instance) -> None:
    holter = room.holter()
    with pytest.raises(InvalidRequest, match="lasts 3600 s"):
        holter.page(long_ecg, "", 10, 4000)
    with pytest.raises(InvalidRequest, match="not recorded"):
        holter.page(long_ecg, "V9", 10, 0)
    with pytest.raises(NotFound):
        holter.overview(room.store(part10(small())))


def test_a_long_object_without_samples_is_settled_and_everything_says_the_same(room: Room) -> None:
    dataset = small(SOPClassUID=AMBULATORY, Modality="ECG")
    dataset.PixelData = bytes(5 * MIB)
    dataset.WaveformSequence = []
    empty = room.store(part10(dataset))
    assert is_long(empty)
    assert room.draw() == []
    assert room.look_over() == []
    later, kinds = room.clock.now() + timedelta(days=1), [PICTURE_JOB, OVERVIEW_JOB]
    assert claim_jobs(room.database, kinds=kinds, now=later, lease=timedelta(1), limit=1) == []
    ecgs, holter = room.electrocardiograms(), room.holter()
    for ask in (
        lambda: ecgs.read_part(empty, leads_of, 0, 2),
        lambda: ecgs.drawn(empty, PaperSettings()),
        lambda: holter.page(empty, "", 10, 0),
        lambda: holter.overview(empty),
    ):
        with pytest.raises(InvalidInstance, match="holds no samples"):
            ask()
