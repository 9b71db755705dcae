"""An electrocardiogram over HTTP: the leads as numbers, and the sheet."""

import io
import json
import struct
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian, generate_uid
from pydicom.waveforms import multiplex_array

from core.access import EVERY_SITE
from ecg.leads import STANDARD
from tests.fixtures.consultation import QINGSHAN
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import ECG, part10, sample, small, store


def stored(edge: Edge, dataset: pydicom.Dataset, **at: str) -> str:
    receipt = store(edge.rooms.archive, edge.consultation.clock, part10(dataset), **at)
    return f"/api/v1/studies/{receipt.study_instance_uid}/instances/{receipt.sop_instance_uid}/ecg"


def expected() -> Any:
    return multiplex_array(pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm"))), 0, as_raw=False)


def test_the_leads_come_in_microvolts_by_name(edge: Edge) -> None:
    answer = edge.client("reader").get(stored(edge, sample(ECG)))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["sampling_frequency_hz"], told["label"], told["oddities"]) == (1000, "RHYTHM", [])
    assert tuple(told["leads"]) == STANDARD
    for index, values in enumerate(told["leads"].values()):
        assert np.abs(np.array(values) - expected()[:, index]).max() < 0.001


def test_the_compact_form_holds_the_same(edge: Edge) -> None:
    path = stored(edge, sample(ECG))
    answer = edge.client("reader").get(path, headers={"Accept": "application/octet-stream"})
    assert answer.headers["content-type"] == "application/octet-stream"
    magic, length = struct.unpack_from("<4sI", answer.content)
    head = json.loads(answer.content[8 : 8 + length])
    assert (magic, (8 + length) % 4) == (b"ECG1", 0)
    samples = np.frombuffer(answer.content, "<f4", offset=8 + length).reshape(
        len(head["leads"]), head["samples"]
    )
    assert tuple(head["leads"]) == STANDARD
    assert np.abs(samples.T - expected()).max() < 0.001


def test_the_sheet_says_who_and_how(edge: Edge) -> None:
    dataset = sample(
        ECG, PatientName="Wang^XiaoMing=王^小明", SpecificCharacterSet="ISO_IR 192", StudyDate="20260102"
    )
    path = f"{stored(edge, dataset)}.svg"
    answer = edge.client("reader").get(path, params={"speed": 50, "gain": 20, "layout": "6x2"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    texts = [element.text or "" for element in ElementTree.fromstring(answer.text).iter() if element.text]
    assert any("王小明" in text for text in texts)
    assert any("2026-01-02" in text for text in texts)
    assert any("50 mm/s   20 mm/mV   6x2" in text for text in texts)
    assert any("PR 161 ms   QRS 75 ms   QT 368 ms" in text for text in texts)
    assert "device, unconfirmed: RITMO SINUSALE; ECG NORMALE" in texts


def test_what_a_device_says_in_chinese_is_read_as_its_text_is_read(edge: Edge) -> None:
    dataset = sample(ECG, SpecificCharacterSet="GB18030", Manufacturer="理邦")
    dataset.WaveformAnnotationSequence[0].UnformattedTextValue = "窦性心律"
    answer = edge.client("reader").get(f"{stored(edge, dataset)}.svg")
    texts = [element.text or "" for element in ElementTree.fromstring(answer.text).iter()]
    assert "device, unconfirmed: 窦性心律; ECG NORMALE" in texts
    assert any(text.startswith("理邦") for text in texts)


def test_the_sheet_is_drawn_in_the_readers_own_way(edge: Edge) -> None:
    asked = {"limbs": "cabrera", "rhythm": 3, "half_chest": True, "filter": ["40", "50"]}
    answer = edge.client("reader").get(f"{stored(edge, sample(ECG))}.svg", params=asked)
    assert answer.status_code == 200
    drawn = [path.get("data-lead") for path in ElementTree.fromstring(answer.text).iter()]
    assert "-aVR" in drawn
    assert drawn.count("V1") == drawn.count("V5") == 2
    assert "(V 5 mm/mV)" in answer.text
    assert "FILTERED: 40 Hz low-pass, 50 Hz notch   Cabrera" in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        {"rhythm": 2},
        {"filter": "35"},
        {"limbs": "x"},
        {"filter": ["40"] * 5},
        {"speed": 24},
        {"gain": 1},
        {"layout": "1x1"},
        {"start": -1},
        {"start": 11},
        {"speed": "nan"},
    ],
)
def test_no_other_paper_is_drawn(edge: Edge, asked: dict[str, Any]) -> None:
    assert edge.client("reader").get(f"{stored(edge, sample(ECG))}.svg", params=asked).status_code == 400


def test_an_ecg_in_big_endian_is_the_same(edge: Edge) -> None:
    dataset = sample(ECG)
    swapped = dataset.WaveformSequence[0]
    swapped.WaveformData = np.frombuffer(swapped.WaveformData, "<i2").astype(">i2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    told = edge.client("reader").get(stored(edge, dataset)).json()
    assert np.abs(np.array(told["leads"]["V6"]) - expected()[:, 11]).max() < 0.001


def test_the_sheet_comes_as_pixels_that_say_how_large_they_are(edge: Edge) -> None:
    path = f"{stored(edge, sample(ECG))}.png"
    answer = edge.client("reader").get(path, params={"dpi": 100, "speed": 12.5})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.info["dpi"][0] == pytest.approx(100, abs=0.01)
        assert picture.width == round(145 / 25.4 * 100)
    assert edge.client("reader").get(path, params={"dpi": 301}).status_code == 400


def test_what_is_no_waveform_has_no_ecg(edge: Edge) -> None:
    assert edge.client("reader").get(stored(edge, small())).status_code == 404


def test_a_broken_ecg_is_a_problem_that_says_why(edge: Edge) -> None:
    dataset = sample(ECG)
    for group in dataset.WaveformSequence:
        group.SamplingFrequency = 0
    answer = edge.client("reader").get(stored(edge, dataset))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "sampling frequency" in answer.json()["detail"]


def test_an_ecg_elsewhere_is_not_found_and_one_at_two_sites_is_asked_for_by_site(edge: Edge) -> None:
    uids = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
    path = stored(edge, sample(ECG, **uids), site_id=QINGSHAN)
    assert edge.client("technician").get(path).status_code == 404
    assert edge.client("technician").get(path, params={"site_id": QINGSHAN}).status_code == 404
    stored(edge, sample(ECG, **uids))
    assert edge.client("technician").get(path).status_code == 200
    both = edge.client("traveller").get(path)
    assert both.status_code == 409
    assert len(both.json()["sites"]) == 2
    assert edge.client("traveller").get(path, params={"site_id": QINGSHAN}).status_code == 200


def test_looking_at_an_ecg_is_on_record(edge: Edge) -> None:
    from database.audit import audit_of_study

    path = stored(edge, sample(ECG))
    edge.client("reader").get(path)
    study = path.split("/")[4]
    with edge.rooms.database.read(within=EVERY_SITE) as connection:
        records = audit_of_study(connection, "xinglong", study)
    assert [record.actor for record in records if record.event == "DICOM Instances Accessed"] == ["reader"]
