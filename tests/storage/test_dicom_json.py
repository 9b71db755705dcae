"""What a search answers, written at once, is what the data sets would be written as."""

import json
from datetime import date
from typing import Any

import pytest

from storage.dicom_json import data_set, encoded, encoded_data_sets, item


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"PatientName": "Zhang^San=张^三=", "PatientID": 'a "quoted"\\\n\x7f \u2028 ID'},
        {"PatientName": "", "PatientID": None, "PatientBirthDate": None, "Rows": None},
        {"PatientName": "=", "StudyDate": date(2026, 1, 2), "Rows": 0, "NumberOfFrames": 40},
        {"ModalitiesInStudy": ("CT", "", "MR"), "StudyTime": "083000"},
        {"ModalitiesInStudy": (), "SpecificCharacterSet": "ISO_IR 100"},
        {"RequestAttributesSequence": [item({"RequestedProcedureID": "1"}), item({})], "Modality": "US"},
    ],
)
def test_both_ways_write_the_same(values: dict[str, Any]) -> None:
    assert encoded_data_sets([values, {"StudyID": "1"}]) == encoded(
        [data_set(values), data_set({"StudyID": "1"})]
    )


def test_elements_stand_in_order_of_tags_beside_their_character_set() -> None:
    [written] = json.loads(
        encoded_data_sets([{"StudyID": "1", "PatientID": "2", "StudyDate": date(2026, 1, 2)}])
    )
    assert list(written.items()) == [
        ("00080005", {"vr": "CS", "Value": ["ISO_IR 192"]}),
        ("00080020", {"vr": "DA", "Value": ["20260102"]}),
        ("00100020", {"vr": "LO", "Value": ["2"]}),
        ("00200010", {"vr": "SH", "Value": ["1"]}),
    ]
