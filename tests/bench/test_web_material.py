"""What the browsers are shown: the same each time, and enough of it to measure by."""

import io
import re

import pydicom

from bench.web_material import NAME, cine, radiograph, small_study


def test_the_studies_that_are_opened_are_the_same_each_time_and_have_a_picture_to_be_held_against() -> None:
    for made in (radiograph, cine):
        shown = made()
        dataset = pydicom.dcmread(io.BytesIO(shown.file), stop_before_pixels=True)
        assert dataset.StudyInstanceUID == shown.study_instance_uid == made().study_instance_uid
        assert shown.expected.shape[:2] == (dataset.Rows, dataset.Columns)
        assert shown.expected.std() > 10


def test_each_study_of_the_list_has_a_name_that_is_looked_for() -> None:
    names = {str(pydicom.dcmread(io.BytesIO(small_study(number))).PatientName) for number in (0, 1)}
    assert names == {"Li^Case00", "Li^Case01"}
    assert all(re.search(NAME, name) for name in names)
