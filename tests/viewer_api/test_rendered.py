"""Pictures over HTTP, as they are asked for: window, viewport, quality, format (PS3.18 8.3.5, 8.7.4)."""

import io
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, part10, path_of, sample, small, store

HALF = 0.5 + 2.0**-20
"""docs/pictures.md: what is within a millionth of a half counts as one."""
GREY = np.arange(64).reshape(8, 8) * 10
WORDS = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelData": GREY.astype("<u2").tobytes()}


def url_of(edge: Edge, dataset: pydicom.Dataset) -> str:
    return path_of(store(edge.rooms.archive, edge.consultation.clock, part10(dataset)))


def answer_to(edge: Edge, url: str, query: str = "", accept: str = "image/png") -> Any:
    return edge.client("reader").get(f"{url}{query}", headers={"Accept": accept})


def shown(edge: Edge, url: str, query: str = "", accept: str = "image/png") -> Any:
    answer = answer_to(edge, url, query, accept)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_window_that_is_asked_for_is_applied_on_instance_and_frame(edge: Edge) -> None:
    url = url_of(edge, small(**WORDS, WindowCenter=1, WindowWidth=1))
    for path in ("/rendered", "/frames/1/rendered"):
        exact = np.floor(np.clip((GREY - 300) / 100 + 0.5, 0, 1) * 255 + HALF)
        assert np.array_equal(shown(edge, f"{url}{path}", "?window=300,100,linear-exact"), exact)
        linear = np.floor(np.clip((GREY - 299.5) / 100 + 0.5, 0, 1) * 255 + HALF)
        assert np.array_equal(shown(edge, f"{url}{path}", "?window=300,101,linear"), linear)
        sigmoid = np.floor(255 / (1 + np.exp(-4 * (GREY - 3e2) / 100)) + HALF)
        assert np.array_equal(shown(edge, f"{url}{path}", "?window=3e2,100.,sigmoid"), sigmoid)


def test_a_viewport_shows_the_part_in_the_size_that_is_asked_for(edge: Edge) -> None:
    url = f"{url_of(edge, small(PixelData=bytes(range(64))))}/rendered"
    whole = shown(edge, url)
    assert np.array_equal(shown(edge, url, "?viewport=2,2,1,1,2,2"), whole[1:3, 1:3])
    assert np.array_equal(shown(edge, url, "?viewport=8,8,,,-8,-8"), whole[::-1, ::-1])
    assert shown(edge, url, "?viewport=4,100").shape == (4, 4)


MALFORMED = [
    *[f"window={each}" for each in ("", "1,2", "1,2,LINEAR", "1,2,linear,3", "a,2,linear", "1,0,linear")],
    *[f"window={each}" for each in ("1,-5,sigmoid", "nan,2,linear", "1,1e999,linear", ",,linear", "1,2,")],
    *[f"viewport={each}" for each in ("", "1", "0,1", "1,-1", "1.5,2", "99999,1", "1,1,1,1,1,1,1", "8,8,9")],
    *[f"viewport={each}" for each in ("8,8,0,0,0,8", "8,8,0,0,9,8", "8,8,x", "8,8,,,inf", "１,1")],
    *[f"quality={each}" for each in ("", "0", "101", "5.5", "-1", "high", "1000000000000")],
    *[f"annotation={each}" for each in ("", "name", "patient,", "patient,name")],
    *[f"iccprofile={each}" for each in ("", "yes", "srgb")],
]


def test_what_is_malformed_or_not_done_is_a_bad_request(edge: Edge) -> None:
    url = url_of(edge, small())
    for query in MALFORMED:
        answer = answer_to(edge, f"{url}/rendered?{query}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-request"), query


def test_a_window_of_colours_is_refused(edge: Edge) -> None:
    answer = answer_to(edge, f"{url_of(edge, sample(CINE))}/rendered?window=1,2,linear")
    assert answer.status_code == 400
    assert "grey" in answer.json()["detail"]


def test_annotations_are_not_written_into_pictures_and_the_answer_says_so(edge: Edge) -> None:
    url = f"{url_of(edge, small())}/rendered"
    plain, annotated = answer_to(edge, url), answer_to(edge, f"{url}?annotation=technique,patient")
    assert annotated.content == plain.content
    warning = "The following annotation values are not supported: technique, patient"
    assert annotated.headers["warning"].startswith("299 http")
    assert annotated.headers["warning"].endswith(f' "{warning}"')
    assert "warning" not in plain.headers


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/png;q=0.9, image/jpeg;q=0.1", "image/png"),
        ("image/webp", "image/webp"),
        ("image/gif, image/webp;q=0.5", "image/gif"),
        ("image/jp2, image/png;q=0.1", "image/png"),
        ("image/jpeg;q=0, image/webp;q=0.2", "image/webp"),
    ],
)
def test_the_format_that_suits_best_is_given(edge: Edge, accept: str, media_type: str) -> None:
    answer = answer_to(edge, f"{url_of(edge, small())}/rendered", accept=accept)
    assert answer.headers["content-type"] == media_type
    assert Image.open(io.BytesIO(answer.content)).get_format_mimetype() == media_type


def test_quality_and_an_unknown_parameter(edge: Edge) -> None:
    noise = np.random.default_rng(3).integers(0, 255, 64, np.uint8).tobytes()
    url = f"{url_of(edge, small(PixelData=noise))}/rendered"
    best, worst = (answer_to(edge, f"{url}?quality={each}", accept="image/jpeg").content for each in (100, 1))
    assert len(best) > len(worst)
    assert answer_to(edge, f"{url}?iccprofile=no&charset=utf-8").status_code == 200


def enhanced() -> Dataset:
    """Return an image of two frames, each with a window of its own and a rescale for both."""
    shared, first, second = Dataset(), Dataset(), Dataset()
    transformation = Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 2, 100
    shared.PixelValueTransformationSequence = [transformation]
    for frame, center in ((first, 300), (second, 900)):
        window = Dataset()
        window.WindowCenter, window.WindowWidth, window.VOILUTFunction = center, 400, "LINEAR_EXACT"
        frame.FrameVOILUTSequence = [window]
    return small(
        **WORDS | {"PixelData": GREY.astype("<u2").tobytes() * 2},
        NumberOfFrames=2,
        WindowCenter=1,
        WindowWidth=1,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[first, second],
    )


def test_each_frame_of_an_enhanced_image_has_its_own_window(edge: Edge) -> None:
    url = url_of(edge, enhanced())
    for number, center in ((1, 300), (2, 900)):
        wanted = np.floor(np.clip((GREY * 2 + 100 - center) / 400 + 0.5, 0, 1) * 255 + HALF)
        assert np.array_equal(shown(edge, f"{url}/frames/{number}/rendered"), wanted)


def test_an_overlay_is_drawn_and_a_shape_inverts(edge: Edge) -> None:
    image = small(PixelData=bytes([100] * 64), PresentationLUTShape="INVERSE")
    for element, vr, value in (
        (0x10, "US", 2),
        (0x11, "US", 2),
        (0x40, "CS", "G"),
        (0x50, "SS", [3, 4]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", b"\x09\x00"),
    ):
        image.add_new(0x60000000 | element, vr, value)
    wanted = np.full((8, 8), 155)
    wanted[2, 3] = wanted[3, 4] = 255
    assert np.array_equal(shown(edge, f"{url_of(edge, image)}/rendered"), wanted)


@pytest.mark.parametrize(
    ("values", "is_marked"),
    [
        ({}, False),
        ({"PresentationIntentType": "FOR PRESENTATION"}, False),
        ({"PresentationIntentType": "FOR PROCESSING"}, True),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, True),
    ],
)
def test_an_image_for_processing_is_marked(edge: Edge, values: dict[str, str], is_marked: bool) -> None:
    answer = answer_to(edge, f"{url_of(edge, small(**values))}/rendered")
    assert ("for processing" in answer.headers.get("warning", "")) is is_marked


def test_what_is_not_decoded_is_named_and_had_as_it_came(edge: Edge) -> None:
    dataset = sample(CINE, NumberOfFrames=1)
    dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51"])
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.92"
    url = url_of(edge, dataset)
    octets = f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"
    for path, accept in (("/rendered", "*/*"), ("/frames/1", octets), ("/thumbnail", "*/*")):
        answer = answer_to(edge, f"{url}{path}", accept=accept)
        assert (answer.status_code, answer.json()["type"]) == (406, "/problems/unsupported-transfer-syntax")
        assert "JPEG 2000 Part 2" in answer.json()["detail"]
        assert "1.2.840.10008.1.2.4.92" in answer.json()["detail"]
    assert answer_to(edge, url, accept="application/dicom").status_code == 200


def test_a_thumbnail_fits_its_viewport(edge: Edge) -> None:
    url = url_of(edge, small())
    study, series = url.split("/series/")[0], url.split("/instances/")[0]
    for path in (study, series, url, f"{url}/frames/1"):
        assert shown(edge, f"{path}/thumbnail", "?viewport=5,3", "image/jpeg").shape == (3, 3)
        assert answer_to(edge, f"{path}/thumbnail?viewport=5,3,0", accept="*/*").status_code == 400
