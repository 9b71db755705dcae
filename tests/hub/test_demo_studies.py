"""The demonstration's exams: as the standard has them, with identities of their own."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from hub.demo_studies import DemoStudy, demo_studies
from storage.header_reader import read_header
from storage.part10 import read_part10_preamble

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def studies() -> list[DemoStudy]:
    """One set of exams."""
    return demo_studies(NOW)


def test_there_is_an_ecg_a_radiograph_and_an_ultrasound_cine(studies: list[DemoStudy]) -> None:
    assert [study.instances[0].Modality for study in studies] == ["ECG", "CR", "US"]
    assert int(studies[2].instances[0].NumberOfFrames) == 120


def test_names_are_read_right_from_each_character_set(studies: list[DemoStudy]) -> None:
    for study in studies:
        for dataset in study.instances:
            buffer = BytesIO()
            dataset.save_as(buffer, enforce_file_format=True)
            part10 = read_part10_preamble(buffer)
            header = read_header(
                buffer,
                transfer_syntax_uid=part10.transfer_syntax_uid,
                data_set_offset=part10.data_set_offset,
                size=len(buffer.getvalue()),
            )
            assert header.patient_name == study.patient_name
            assert header.accession_number == study.accession_number


def test_every_set_has_uids_of_its_own(studies: list[DemoStudy]) -> None:
    def uids(these: list[DemoStudy]) -> set[str]:
        return {
            dataset[keyword].value
            for study in these
            for dataset in study.instances
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        }

    assert len(uids(studies)) == 3 + 4 + 4
    assert not uids(studies) & uids(demo_studies(NOW))
