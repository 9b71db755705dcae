"""The sheet of an ECG is kept ready under its header, and drawn anew where that is another now."""

import pytest

from core.errors import InvalidInstance, NotFound
from ecg.paper import PaperSettings
from renditions.ecg_tasks import leads_of
from renditions.rendition import RenditionKind
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
