"""An instance held in two encodings is given out in the one that is asked for, else as it came first."""

import re

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from tests.fixtures.archive import device_at
from tests.fixtures.consultation import XINGLONG
from tests.fixtures.instances import data_set, encoded, receive
from tests.viewer_api.conftest import Edge

STUDY, SERIES, INSTANCE = "1.2.1", "1.2.2", "1.2.3"
SENT = data_set(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE)
OTHER = data_set(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID="1.2.4")
ONE = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"


@pytest.fixture
def held_twice(edge: Edge) -> Edge:
    """One instance in two encodings, and one of its study in the first alone."""
    archive = edge.rooms.archive
    for sent, uid in (
        (SENT, ExplicitVRLittleEndian),
        (SENT, ImplicitVRLittleEndian),
        (OTHER, ExplicitVRLittleEndian),
    ):
        archive.store(receive(archive.incoming, sent, transfer_syntax_uid=uid), device_at(XINGLONG))
    return edge


@pytest.mark.parametrize(
    ("transfer_syntax", "given"),
    [
        ("", ExplicitVRLittleEndian),
        ("; transfer-syntax=*", ExplicitVRLittleEndian),
        (f"; transfer-syntax={ExplicitVRLittleEndian}", ExplicitVRLittleEndian),
        (f"; transfer-syntax={ImplicitVRLittleEndian}", ImplicitVRLittleEndian),
        (f"; transfer-syntax={RLELossless}", None),
    ],
)
def test_the_encoding_that_is_asked_for_is_given(
    held_twice: Edge, transfer_syntax: str, given: str | None
) -> None:
    answer = held_twice.client("reader").get(ONE, headers={"Accept": f"application/dicom{transfer_syntax}"})
    if given is None:
        assert answer.status_code == 406
        return
    assert answer.status_code == 200
    assert answer.content.endswith(encoded(SENT, given))
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_of_a_study_each_instance_comes_as_asked_or_not_at_all(held_twice: Edge) -> None:
    client = held_twice.client("reader")

    def ask(*transfer_syntaxes: str) -> tuple[int, list[str]]:
        accept = ", ".join(
            f'multipart/related; type="application/dicom"; transfer-syntax={uid}' for uid in transfer_syntaxes
        )
        answer = client.get(f"/dicom-web/studies/{STUDY}", headers={"Accept": accept})
        return answer.status_code, re.findall(r"transfer-syntax=([0-9.]+)", answer.text)

    assert ask("*") == (200, [ExplicitVRLittleEndian] * 2)
    assert ask(ImplicitVRLittleEndian, "*") == (200, [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
    assert ask(ImplicitVRLittleEndian)[0] == 406
