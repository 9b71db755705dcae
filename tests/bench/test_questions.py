"""What is asked: of files that are there, the same ones each time."""

import io

import pydicom
import pytest

from bench import material
from bench.questions import QUESTIONS
from database.recollection import ANSWERS_AT_MOST


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


@pytest.mark.parametrize("name", ["search-anew", "rendered-anew"])
def test_what_is_asked_anew_is_more_than_the_hub_could_have_kept(name: str) -> None:
    [anew] = [question for question in QUESTIONS if question.name == name]
    smallest = {"search-anew": 47_000, "rendered-anew": 400_000}[name]
    paths = anew.paths(10 * material.STUDIES_A_DAY)
    assert len(set(paths)) == len(paths)
    assert len(paths) * smallest > ANSWERS_AT_MOST
