"""The sheet of an ECG is kept ready under its header, and drawn anew where that is another now."""

import numpy as np
import pytest

from core.errors import InvalidInstance, NotFound
from core.limits import ECG_SAMPLES, MIB
from ecg.paper import PaperSettings
from renditions.ecg_tasks import leads_of
from renditions.rendition import RenditionKind
from reporting.ecg_pages import MOST_ROWS, ON_PAPER, page_of
from tests.ecg.electrocardiograms import channel, group
from tests.fixtures.instances import TWELVE_LEAD_ECG
from tests.renditions.conftest import Room
from tests.viewer_api.stored import ECG, part10, sample, small

STANDARD = PaperSettings()


def test_the_sheet_kept_is_the_sheet_drawn_and_needs_no_instance(room: Room) -> None:
    instance = room.store(part10(sample(ECG, PatientID="4711")))
    ecgs = room.electrocardiograms()
    assert ecgs.kept(instance, STANDARD) is None
    drawn = ecgs.drawn(instance, STANDARD)
    assert b"4711" in drawn
    assert room.draw() == []
    room.blobs.forget()
    assert ecgs.kept(instance, STANDARD) == drawn
    assert room.blobs.opened == []
    assert ecgs.kept(instance, PaperSettings(speed_mm_per_s=50)) is None


def test_a_sheet_under_another_header_is_not_given_out(room: Room) -> None:
    instance = room.store(part10(sample(ECG)))
    room.draw()
    room.heading.append("corrected")
    ecgs = room.electrocardiograms()
    assert ecgs.kept(instance, STANDARD) is None
    ecgs.keep_ready(instance)
    kept = ecgs.kept(instance, STANDARD)
    assert kept is not None
    assert b"corrected" in kept


@pytest.mark.sqlite_only("about waveforms")
def test_what_is_no_readable_ecg_leaves_nothing_and_says_why(room: Room) -> None:
    image = room.store(part10(small()))
    broken = room.store(part10(small(SOPClassUID=TWELVE_LEAD_ECG, Modality="ECG")))
    assert room.draw() == []
    ecgs = room.electrocardiograms()
    with pytest.raises(NotFound):
        ecgs.read(image, leads_of)
    with pytest.raises(InvalidInstance, match="holds no waveform"):
        ecgs.read(broken, leads_of)
    assert RenditionKind.ECG_SHEET not in room.kept().kinds(broken)


@pytest.mark.sqlite_only("about waveforms")
def test_a_page_of_the_most_that_a_waveform_may_hold_is_drawn_in_a_child_and_stays_small(room: Room) -> None:
    """What the worker prints is bounded, whatever was sent: the compiler's memory follows the drawing's."""
    samples = np.random.default_rng(1).integers(-30_000, 30_000, (ECG_SAMPLES // 16, 16), dtype=np.int16)
    dataset = small(SOPClassUID=TWELVE_LEAD_ECG, Modality="ECG")
    del dataset.PixelData
    channels = [channel(f"5.6.3-9-{number + 1}") for number in range(16)]
    dataset.WaveformSequence = [group(samples, channels, SamplingFrequency=25_000)]
    instance = room.store(part10(dataset))
    made = page_of(room.electrocardiograms().page(instance, ON_PAPER, MOST_ROWS))
    assert len(made.drawing) < 2 * MIB
