"""What is asked: of files that are there, the same ones each time."""

import io

import pydicom

from bench import material
from bench.questions import QUESTIONS


def test_small_studies_are_found_by_their_day() -> None:
    [search] = [question for question in QUESTIONS if question.name == "search"]
    studies = 3 * material.STUDIES_A_DAY
    days = [path.partition("StudyDate=")[2].partition("&")[0] for path in search.paths(studies)]
    assert days == ["20250101", "20250102", "20250103"]
    made = [pydicom.dcmread(io.BytesIO(material.small_study(number))) for number in (0, 49, 50)]
    assert [str(dataset.StudyDate) for dataset in made] == ["20250101", "20250101", "20250102"]
    assert len({dataset.StudyInstanceUID for dataset in made}) == len(made)


def test_the_cine_that_is_asked_for_is_the_one_that_is_sent() -> None:
    [frame] = [question for question in QUESTIONS if question.name == "frame"]
    cine = pydicom.dcmread(io.BytesIO(next(material.ultrasound_study())))
    path = f"/studies/{cine.StudyInstanceUID}/series/{cine.SeriesInstanceUID}/instances/{cine.SOPInstanceUID}"
    assert len(cine.PixelData) == material.FRAMES * 480 * 640 * 3
    assert frame.paths(0)[0] == f"{path}/frames/1"
    assert len(frame.paths(0)) == cine.NumberOfFrames
