"""Retrieving: instances as they came, their metadata, frames, values and pictures (PS3.18 10.4)."""

import io
import warnings
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from core import limits
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import (
    BIG_ENDIAN,
    CINE,
    DEFLATED,
    ECG,
    PALETTE,
    RADIOGRAPH,
    part10,
    parts_of,
    path_of,
    sample,
    small,
    store,
)

EXPLICIT = f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"


def stored(edge: Edge, dataset: pydicom.Dataset) -> tuple[str, bytes]:
    """Store a data set; return its path below the union root, and the file that was sent."""
    file = part10(dataset)
    return path_of(store(edge.rooms.archive, edge.consultation.clock, file)), file


def get(edge: Edge, path: str, accept: str | None = None) -> Any:
    headers = {"Accept": accept} if accept else {}
    return edge.client("reader").get(path, headers=headers)


def frames_of(answer: Any) -> list[tuple[str, bytes]]:
    assert answer.status_code == 200, answer.text
    return parts_of(answer.headers["content-type"], answer.content)


@pytest.mark.parametrize("path", [CINE, ECG, BIG_ENDIAN, DEFLATED], ids=lambda path: path.stem)
def test_an_instance_comes_back_byte_for_byte(edge: Edge, path: Any) -> None:
    dataset = sample(path)
    url, file = stored(edge, dataset)
    ((content_type, body),) = frames_of(get(edge, url))
    assert body == file
    assert content_type == f"application/dicom; transfer-syntax={dataset.file_meta.TransferSyntaxUID}"
    single = get(edge, url, "application/dicom")
    assert single.headers["content-type"].startswith("application/dicom; transfer-syntax=1.2.840.10008.1.2")
    assert int(single.headers["content-length"]) == len(file)
    assert single.content == file


def test_the_preamble_is_given_out_zeroed(edge: Edge) -> None:
    file = b"MZ" + b"x" * 126 + part10(small())[128:]
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, file))
    assert get(edge, url, "application/dicom").content == bytes(128) + file[128:]


def test_a_study_and_a_series_come_as_one_part_an_instance(edge: Edge) -> None:
    one = small(InstanceNumber=1)
    same = {"StudyInstanceUID": one.StudyInstanceUID}
    two = small(**same, SeriesInstanceUID=one.SeriesInstanceUID, InstanceNumber=2)
    three = small(**same, SeriesNumber=2)
    files = {}
    for dataset in (one, two, three):
        url, files[dataset.SOPInstanceUID] = stored(edge, dataset)
    study, series = (
        url.split("/series/")[0],
        f"/dicom-web/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}",
    )
    assert [body for _, body in frames_of(get(edge, study))] == list(files.values())
    assert [body for _, body in frames_of(get(edge, series))] == list(files.values())[:2]
    assert len(get(edge, f"{study}/metadata").json()) == 3
    assert len(get(edge, f"{series}/metadata").json()) == 2
    assert get(edge, study).headers["cache-control"] == "no-store"
    assert "immutable" in get(edge, url).headers["cache-control"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ('multipart/related; type="application/dicom"', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50', 406),
        ("application/dicom; transfer-syntax=*", 200),
        ("application/dicom+json", 406),
        ("text/html", 406),
    ],
)
def test_an_instance_is_given_in_its_own_transfer_syntax_or_not_at_all(
    edge: Edge, accept: str, status: int
) -> None:
    url, _ = stored(edge, small())
    assert get(edge, url, accept).status_code == status


def test_a_study_has_no_single_part(edge: Edge) -> None:
    url, _ = stored(edge, small())
    assert get(edge, url.split("/series/")[0], "application/dicom").status_code == 406


def test_a_damaged_instance_is_given_to_nobody(edge: Edge) -> None:
    url, _ = stored(edge, small())
    (blob,) = [file for file in edge.rooms.archive.blobs.root.rglob("*") if file.is_file()]
    raw = bytearray(blob.read_bytes())
    raw[-1] ^= 1
    blob.write_bytes(raw)
    for accept in ("*/*", "application/dicom"):
        answer = get(edge, url, accept)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")


def test_metadata_holds_everything_but_what_is_bulky(edge: Edge) -> None:
    url, _ = stored(edge, sample(ECG, PatientName="Zhang^San=张^三", SpecificCharacterSet="ISO_IR 192"))
    answer = get(edge, f"{url}/metadata")
    assert answer.headers["content-type"] == "application/dicom+json"
    (data_set,) = answer.json()
    assert data_set["00100010"]["Value"][0]["Ideographic"] == "张^三"
    group = data_set["54000100"]["Value"][0]
    assert group["003A0005"]["Value"] == [12]
    address = group["54001010"]["BulkDataURI"]
    assert address.startswith("http://127.0.0.1/dicom-web/sites/xinglong/studies/")
    assert address.endswith("/bulkdata/54000100/1/54001010")
    waveform = sample(ECG).WaveformSequence[0].WaveformData
    octets = get(edge, address, "application/octet-stream")
    assert octets.headers["content-type"] == EXPLICIT
    assert octets.content == waveform
    ((content_type, body),) = frames_of(get(edge, address))
    assert (content_type, body) == (EXPLICIT, waveform)


@pytest.mark.parametrize(
    "path", ["7FE00011", "54000100/2/54001010", "00081140", "00081140/1/00081150", "00100010/1/00100010"]
)
def test_a_value_that_is_not_there_is_not_found(edge: Edge, path: str) -> None:
    url, _ = stored(edge, small())
    assert get(edge, f"{url}/bulkdata/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "7FE0001", "7FE00010/0/7FE00010", "7FE00010/1", "x" * 8]
)
def test_an_address_that_is_none_is_a_bad_request(edge: Edge, path: str) -> None:
    url, _ = stored(edge, small())
    assert get(edge, f"{url}/bulkdata/{path.replace('.', '%2E')}").status_code in {400, 404}


def test_native_frames_are_octets(edge: Edge) -> None:
    dataset = sample(PALETTE)
    url, _ = stored(edge, dataset)
    size = dataset.Rows * dataset.Columns
    parts = frames_of(get(edge, f"{url}/frames/2,1"))
    assert [content_type for content_type, _ in parts] == [EXPLICIT, EXPLICIT]
    assert [body for _, body in parts] == [dataset.PixelData[size : 2 * size], dataset.PixelData[:size]]
    single = get(edge, f"{url}/frames/1", "application/octet-stream")
    assert single.headers["content-type"] == EXPLICIT
    assert single.content == dataset.PixelData[:size]
    ((_, bulk),) = frames_of(get(edge, f"{url}/bulkdata/7FE00010"))
    assert bulk == dataset.PixelData


def test_frames_that_are_written_in_big_endian_are_given_in_little(edge: Edge) -> None:
    url, _ = stored(edge, sample(BIG_ENDIAN))
    expected = pixel_array(BIG_ENDIAN).astype("<i2").tobytes()
    assert get(edge, f"{url}/frames/1", "application/octet-stream").content == expected
    assert get(edge, f"{url}/bulkdata/7FE00010", "application/octet-stream").content == expected


def test_frames_of_a_deflated_instance_are_inflated(edge: Edge) -> None:
    dataset = sample(DEFLATED)
    url, _ = stored(edge, dataset)
    assert get(edge, f"{url}/frames/1", "application/octet-stream").content == dataset.PixelData
    assert get(edge, f"{url}/metadata").json()[0]["00280010"]["Value"] == [dataset.Rows]
    assert get(edge, f"{url}/rendered").status_code == 200


def test_compressed_frames_are_given_as_they_are(edge: Edge) -> None:
    dataset = sample(CINE)
    url, _ = stored(edge, dataset)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=120))
    parts = frames_of(get(edge, f"{url}/frames/1,60,120"))
    assert {content_type for content_type, _ in parts} == {f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}"}
    assert [body for _, body in parts] == [frames[0], frames[59], frames[119]]
    octets = "multipart/related; type=application/octet-stream; transfer-syntax=*"
    ((content_type, body),) = frames_of(get(edge, f"{url}/frames/7", octets))
    assert content_type == f"application/octet-stream; transfer-syntax={JPEGBaseline8Bit}"
    assert body == frames[6]
    assert len(frames_of(get(edge, f"{url}/bulkdata/7FE00010"))) == 120


def test_compressed_frames_are_decoded_for_who_wants_octets(edge: Edge) -> None:
    url, _ = stored(edge, sample(CINE))
    ((content_type, body),) = frames_of(
        get(edge, f"{url}/frames/7", 'multipart/related; type="application/octet-stream"')
    )
    assert content_type == EXPLICIT
    assert body == pixel_array(CINE, index=6).tobytes()


@pytest.mark.parametrize(
    ("frames", "status"),
    [("0", 400), ("-1", 400), ("1,", 400), ("x", 400), ("3", 404), ("1,3", 404), ("999999999", 404)],
)
def test_a_frame_that_is_not_there_is_refused(edge: Edge, frames: str, status: int) -> None:
    url, _ = stored(edge, sample(PALETTE))
    assert get(edge, f"{url}/frames/{frames}").status_code == status
    assert get(edge, f"{url}/frames/{frames}/rendered").status_code in {status, 400}


def test_more_frames_than_a_request_may_name_are_refused(edge: Edge) -> None:
    url, _ = stored(edge, sample(PALETTE))
    assert get(edge, f"{url}/frames/{','.join(['1'] * 1001)}").status_code == 400


def test_an_instance_without_pixels_has_no_frames_and_no_picture(edge: Edge) -> None:
    url, _ = stored(edge, sample(ECG))
    for path in ("/frames/1", "/rendered", "/frames/1/rendered"):
        assert get(edge, url + path).status_code == 404


@pytest.mark.parametrize(
    ("accept", "format_"),
    [(None, "JPEG"), ("image/png", "PNG"), ("image/*", "JPEG"), ("text/html,*/*;q=0.8", "JPEG")],
)
def test_a_picture_is_made_in_the_format_that_is_accepted(
    edge: Edge, accept: str | None, format_: str
) -> None:
    url, _ = stored(edge, sample(CINE))
    answer = get(edge, f"{url}/frames/120/rendered", accept)
    assert answer.headers["content-type"] == f"image/{format_.lower()}"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.mode, picture.size) == (format_, "RGB", (640, 480))
    difference = np.abs(np.asarray(picture).astype(int) - pixel_array(CINE, index=119)).mean()
    assert difference < (1 if format_ == "PNG" else 3)


@pytest.mark.parametrize(
    ("path", "query", "accept", "status"),
    [
        ("/rendered", "", "image/tiff", 406),
        ("/rendered", "", "video/mp4", 406),
        ("/rendered", "?window=40,400,LINEAR", "*/*", 400),
        ("/rendered", "?viewport=100,100", "*/*", 200),
        ("/rendered", "?accept=image/png", "image/jpeg", 200),
        ("/frames/1,2/rendered", "", "*/*", 400),
    ],
)
def test_a_picture_that_is_not_made_is_refused(
    edge: Edge, path: str, query: str, accept: str, status: int
) -> None:
    url, _ = stored(edge, small())
    assert get(edge, f"{url}{path}{query}", accept).status_code == status


def rendered(edge: Edge, dataset: pydicom.Dataset) -> Any:
    """Return the picture of a data set as numbers."""
    url, _ = stored(edge, dataset)
    answer = get(edge, f"{url}/rendered", "image/png")
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_radiograph_is_windowed_and_inverted_as_it_says(edge: Edge) -> None:
    dataset = sample(RADIOGRAPH)
    assert dataset.PhotometricInterpretation == "MONOCHROME1"
    picture = rendered(edge, dataset)
    center, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    # PS3.3 C.11.2.1.2.1, written out by hand
    values = (dataset.pixel_array - (center - 0.5)) / (width - 1) + 0.5
    expected = 255 - np.floor(np.clip(values, 0, 1) * 255 + 0.5)
    assert np.abs(picture.astype(int) - expected).max() <= 1


GREY = np.arange(64).reshape(8, 8) * 10


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, np.floor(GREY / 630 * 255 + 0.5)),
        ({"PhotometricInterpretation": "MONOCHROME1"}, 255 - np.floor(GREY / 630 * 255 + 0.5)),
        (
            {"WindowCenter": "300.5", "WindowWidth": "101"},
            np.clip(np.floor((GREY - 250) / 100 * 255 + 0.5), 0, 255),
        ),
        (
            {"WindowCenter": ["300.5", "1"], "WindowWidth": ["101", "1"]},
            np.clip(np.floor((GREY - 250) / 100 * 255 + 0.5), 0, 255),
        ),
        ({"WindowCenter": "300", "WindowWidth": "0"}, np.floor(GREY / 630 * 255 + 0.5)),
        ({"WindowCenter": "300"}, np.floor(GREY / 630 * 255 + 0.5)),
        (
            {"RescaleSlope": "2", "RescaleIntercept": "-100", "WindowCenter": "500.5", "WindowWidth": "201"},
            np.clip(np.floor((GREY * 2 - 500) / 200 * 255 + 0.5), 0, 255),
        ),
    ],
)
def test_grey_values_are_windowed_to_eight_bits(edge: Edge, values: dict[str, Any], expected: Any) -> None:
    pixels = GREY.astype("<u2").tobytes()
    dataset = small(BitsAllocated=16, BitsStored=12, HighBit=11, PixelData=pixels, **values)
    assert np.abs(rendered(edge, dataset).astype(int) - expected).max() <= 1


def test_signed_pixels_keep_their_sign(edge: Edge) -> None:
    signed = (GREY - 300).astype("<i2")
    dataset = small(
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=1,
        PixelData=signed.tobytes(),
        WindowCenter="0.5",
        WindowWidth="201",
    )
    expected = np.clip(np.floor((signed.astype(float) + 100) / 200 * 255 + 0.5), 0, 255)
    assert np.abs(rendered(edge, dataset).astype(int) - expected).max() <= 1


def test_an_image_of_one_value_is_black_unless_its_values_are_shades(edge: Edge) -> None:
    words = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelData": bytes([7] * 128)}
    assert not rendered(edge, small(**words)).any()
    assert (rendered(edge, small(PixelData=bytes([7] * 64))) == 7).all()


def test_palette_colour_is_looked_up(edge: Edge) -> None:
    picture = rendered(edge, sample(PALETTE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        looked_up = pydicom.pixels.apply_color_lut(pixel_array(PALETTE, index=0), pydicom.dcmread(PALETTE))
    assert picture.shape == (600, 800, 3)
    assert np.abs(picture.astype(int) - looked_up / 257).max() <= 1


def test_an_image_too_large_to_decode_is_refused_before_it_is_decoded(edge: Edge) -> None:
    side = int(limits.FRAME_PIXELS**0.5) + 1
    url, _ = stored(edge, small(Rows=side, Columns=side))
    answer = get(edge, f"{url}/rendered")
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/unsupported-transfer-syntax")
    assert str(limits.FRAME_PIXELS) in answer.json()["detail"]


def test_a_small_image_that_claims_to_be_huge_inside_is_refused_too(edge: Edge) -> None:
    dataset = sample(CINE, NumberOfFrames=1)
    frame = bytearray(next(generate_frames(dataset.PixelData, number_of_frames=120)))
    start = frame.index(b"\xff\xc0")
    frame[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    dataset.PixelData = pydicom.encaps.encapsulate([bytes(frame)])
    url, _ = stored(edge, dataset)
    answer = get(edge, f"{url}/rendered")
    assert answer.status_code == 406
    assert "larger than its attributes say" in answer.json()["detail"]
    assert frames_of(get(edge, f"{url}/frames/1"))[0][1] == bytes(frame)


@pytest.mark.parametrize(
    "path",
    [
        "/studies/%2E%2E",
        "/studies/..%2F..%2Fcatalogue.sqlite",
        "/studies/%2e%2e%2f%2e%2e/metadata",
        "/studies/1.2/series/..%5C../instances/1",
        "/studies/%00/metadata",
        "/studies/1.2%0d%0aX: y",
        f"/studies/{'1' * 65}",
        f"/studies/{'1' * 5000}",
        "/studies/１.２",
        "/sites/..%2F..%2F/studies",
        "/sites/XINGLONG/studies",
    ],
)
def test_no_path_leads_anywhere_else(edge: Edge, path: str) -> None:
    answer = get(edge, f"/dicom-web{path}")
    assert answer.status_code in {400, 404}
    assert answer.headers["content-type"] == "application/problem+json"


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("too few pixels", {"PixelData": bytes(10)}),
    ("no rows", {"Rows": None}),
    ("no bits", {"BitsAllocated": 0}),
    ("bits that are none", {"BitsAllocated": 7}),
    ("unknown colours", {"PhotometricInterpretation": "HSV", "SamplesPerPixel": 3, "PixelData": bytes(192)}),
    ("palette without a table", {"PhotometricInterpretation": "PALETTE COLOR"}),
]


@pytest.mark.parametrize(("name", "values"), BROKEN, ids=[name for name, _ in BROKEN])
def test_what_cannot_be_decoded_says_so(edge: Edge, name: str, values: dict[str, Any]) -> None:
    url, file = stored(edge, small(**values))
    answer = get(edge, f"{url}/rendered")
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/unsupported-transfer-syntax")
    assert frames_of(get(edge, url))[0][1] == file


def test_a_number_of_half_its_length_cannot_be_decoded(edge: Edge) -> None:
    whole, half = b"\x28\x00\x03\x01US\x02\x00\x00\x00", b"\x28\x00\x03\x01US\x01\x00\x00"
    file = part10(small())
    assert whole in file
    url = path_of(store(edge.rooms.archive, edge.consultation.clock, file.replace(whole, half)))
    assert get(edge, f"{url}/rendered").status_code == 406


def test_garbage_in_a_compressed_frame_is_no_server_error(edge: Edge) -> None:
    dataset = sample(CINE, NumberOfFrames=1)
    dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8" + b"garbage" * 10])
    url, _ = stored(edge, dataset)
    assert get(edge, f"{url}/rendered").status_code == 406
    assert get(edge, f"{url}/frames/1").status_code == 200


@pytest.mark.parametrize(
    ("transfer_syntax", "media_type"),
    [
        ("1.2.840.10008.1.2.4.100", "video/mpeg"),
        ("1.2.840.10008.1.2.4.102", "video/mp4"),
        ("1.2.840.10008.1.2.4.107", "video/H265"),
    ],
    ids=["MPEG2", "H.264", "HEVC"],
)
def test_a_video_is_given_in_one_piece(edge: Edge, transfer_syntax: str, media_type: str) -> None:
    dataset = sample(CINE, NumberOfFrames=25)
    stream = b"\x00\x00\x00\x18ftyp" + bytes(range(256)) * 40
    dataset.PixelData = pydicom.encaps.encapsulate([stream], has_bot=False)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    url, file = stored(edge, dataset)
    assert get(edge, url, "application/dicom").content == file
    single = get(edge, f"{url}/bulkdata/7FE00010", media_type)
    assert single.headers["content-type"] == f"{media_type}; transfer-syntax={transfer_syntax}"
    assert single.content == stream
    for path in (f"{url}/bulkdata/7FE00010", f"{url}/bulkdata"):
        ((_, body),) = frames_of(get(edge, path))
        assert body == stream
    assert get(edge, f"{url}/frames/1").status_code == 406
    assert get(edge, f"{url}/rendered").status_code == 406
