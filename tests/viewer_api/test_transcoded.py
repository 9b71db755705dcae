"""Instances and their pixels in Explicit VR Little Endian, whatever they came in (PS3.18 8.7.3.4)."""

import io
import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from core.uids import new_uid
from imaging.codecs import add_decoders
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import (
    BIG_ENDIAN,
    CINE,
    DATA,
    DEFLATED,
    ECG,
    RADIOGRAPH,
    part10,
    parts_of,
    path_of,
    sample,
    small,
    store,
)

ASKED = f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
NO_PIXELS_OF_THEIR_OWN = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration", "BitsAllocated"}


def library(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


def transcoded(edge: Edge, dataset: Dataset) -> Any:
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(dataset)))
    return edge.client("reader").get(url, headers={"Accept": ASKED})


def read(answer: Any) -> Dataset:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ASKED
    return pydicom.dcmread(io.BytesIO(answer.content))


@pytest.mark.parametrize(
    "path",
    [
        BIG_ENDIAN,
        DEFLATED,
        library("MR_small_implicit.dcm"),
        library("MR_small_RLE.dcm"),
        library("MR_small_jp2klossless.dcm"),
        library("MR_small_jpeg_ls_lossless.dcm"),
        library("ExplVR_BigEnd.dcm"),
        library("SC_rgb_rle_16bit_2frame.dcm"),
        library("SC_rgb_small_odd_jpeg.dcm"),
        library("examples_jpeg2k.dcm"),
        DATA / "OBXXXX1A_rle_2frame.dcm",
        DATA / "emri_small_RLE.dcm",
        DATA / "liver_expb.dcm",
    ],
    ids=lambda path: path.stem,
)
def test_pixels_and_all_else_are_the_same_in_the_default_transfer_syntax(edge: Edge, path: Path) -> None:
    add_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sent = sample(path)
        wanted = pixel_array(pydicom.dcmread(part10_of(sent)), raw=True)
        made = read(transcoded(edge, sent))
        assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        found = pixel_array(made, raw=True)
    assert np.array_equal(found, wanted)
    for element in sent:
        if element.keyword not in NO_PIXELS_OF_THEIR_OWN and element.tag.element != 0:
            assert made[element.tag].value == element.value, element.keyword
    assert {each.tag for each in made} - {each.tag for each in sent} <= {pydicom.tag.Tag(0x00280006)}


def part10_of(dataset: Dataset) -> io.BytesIO:
    return io.BytesIO(part10(dataset))


def test_a_cine_is_decoded_frame_by_frame_as_part_of_its_study_too(edge: Edge) -> None:
    dataset = sample(CINE, NumberOfFrames=2)
    frames = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=120))[:2]
    dataset.PixelData = pydicom.encaps.encapsulate(frames)
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(dataset)))
    accept = f'multipart/related; type="application/dicom"; transfer-syntax={ExplicitVRLittleEndian}'
    study = url.split("/series/")[0]
    answer = edge.client("reader").get(study, headers={"Accept": accept})
    [(content_type, body)] = parts_of(answer.headers["content-type"], answer.content)
    assert content_type == ASKED
    made = pydicom.dcmread(io.BytesIO(body))
    assert made.LossyImageCompression == "01"
    assert made.PixelData == b"".join(pixel_array(CINE, index=each, raw=True).tobytes() for each in (0, 1))


def test_what_has_no_pixels_is_written_anew_with_its_sequences(edge: Edge) -> None:
    sent = sample(ECG)
    sent.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    made = read(transcoded(edge, sent))
    assert made.WaveformSequence == sent.WaveformSequence
    assert [each.tag for each in made] == [each.tag for each in sent if each.tag.element != 0]


def test_what_cannot_be_decoded_is_not_acceptable(edge: Edge) -> None:
    video = sample(CINE, NumberOfFrames=1)
    video.PixelData = pydicom.encaps.encapsulate([b"\x00\x00\x00\x18ftyp"], has_bot=False)
    video.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert transcoded(edge, video).status_code == 406
    broken = sample(CINE, NumberOfFrames=1)
    broken.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8" + b"garbage" * 10])
    answer = transcoded(edge, broken)
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/unsupported-transfer-syntax")


def test_nobody_gets_it_who_did_not_ask_for_it(edge: Edge) -> None:
    dataset = small()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    file = part10(dataset)
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, file))
    for accept in ("application/dicom", "application/dicom; transfer-syntax=*", "*/*"):
        assert file in edge.client("reader").get(url, headers={"Accept": accept}).content


@pytest.mark.parametrize("name", ["MR_small_implicit.dcm", "MR_small_RLE.dcm", "SC_rgb_rle.dcm"])
def test_frames_of_what_came_without_loss_are_had_in_jpeg_ls(edge: Edge, name: str) -> None:
    sent = sample(library(name))
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(sent)))
    accept = {"Accept": "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"}
    answer = edge.client("reader").get(f"{url}/frames/1", headers=accept)
    assert answer.status_code == 200, answer.text
    decoded = imagecodecs.jpegls_decode(answer.content)
    assert np.array_equal(decoded.view(sent.pixel_array.dtype), sent.pixel_array)


def test_frames_that_would_lose_something_are_not(edge: Edge) -> None:
    accept = {"Accept": "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"}
    for name in ("SC_ybr_full_uncompressed.dcm", "SC_rgb_jpeg_dcmtk.dcm"):
        sent = sample(library(name))
        url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(sent)))
        assert edge.client("reader").get(f"{url}/frames/1", headers=accept).status_code == 406, name


IN_JPEG_LS = "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.80"


@pytest.mark.parametrize(
    "path",
    [
        BIG_ENDIAN,
        DEFLATED,
        RADIOGRAPH,
        library("MR_small_implicit.dcm"),
        library("MR_small_RLE.dcm"),
        library("SC_rgb_rle_16bit_2frame.dcm"),
        library("GDCMJ2K_TextGBR.dcm"),
        DATA / "emri_small_RLE.dcm",
    ],
    ids=lambda path: path.stem,
)
def test_an_instance_that_came_without_loss_is_had_whole_in_jpeg_ls(edge: Edge, path: Path) -> None:
    add_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sent = sample(path)
        wanted = pixel_array(pydicom.dcmread(part10_of(sent)), raw=True)
        url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(sent)))
        answer = edge.client("reader").get(url, headers={"Accept": IN_JPEG_LS})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == IN_JPEG_LS
        made = pydicom.dcmread(io.BytesIO(answer.content))
        assert made.file_meta.TransferSyntaxUID == JPEGLSLossless
        assert np.array_equal(pixel_array(made, raw=True), wanted)
    for element in sent:
        if element.keyword not in NO_PIXELS_OF_THEIR_OWN and element.tag.element != 0:
            assert made[element.tag].value == element.value, element.keyword


def test_each_instance_of_a_study_comes_in_the_best_form_that_it_has(edge: Edge) -> None:
    study = new_uid()
    one = {"PatientID": "1", "PatientName": "A", "PatientBirthDate": "", "PatientSex": ""}
    for path in (library("MR_small_RLE.dcm"), library("SC_rgb_jpeg_dcmtk.dcm"), ECG):
        sent = sample(path, StudyInstanceUID=study, **one)
        store(edge.rooms.archive, edge.consultation.clock, part10(sent))
    url = f"/dicom-web/studies/{study}"
    related = 'multipart/related; type="application/dicom"; transfer-syntax='
    best = f"{related}1.2.840.10008.1.2.4.80, {related}*; q=0.5"
    answer = edge.client("reader").get(url, headers={"Accept": best})
    parts = parts_of(answer.headers["content-type"], answer.content)
    given = {kind.rsplit("=")[-1] for kind, _ in parts}
    assert given == {JPEGLSLossless, "1.2.840.10008.1.2.4.50", ExplicitVRLittleEndian}
    only = edge.client("reader").get(url, headers={"Accept": f"{related}1.2.840.10008.1.2.4.80"})
    assert only.status_code == 406


@pytest.mark.parametrize(
    "path", [library("SC_ybr_full_uncompressed.dcm"), library("SC_rgb_jpeg_dcmtk.dcm"), ECG, CINE]
)
def test_what_has_no_pixels_or_would_lose_something_is_not_had_in_jpeg_ls(edge: Edge, path: Path) -> None:
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, part10(sample(path))))
    assert edge.client("reader").get(url, headers={"Accept": IN_JPEG_LS}).status_code == 406
