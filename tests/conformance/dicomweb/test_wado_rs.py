"""WADO-RS: instances, metadata, frames and bulk data in the form accepted (PS3.18 10.4, 8.7)."""

import io
import re
from typing import Any, Final

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEGBaseline8Bit, JPEGLSLossless

from tests.fixtures.consultation import QINGSHAN, XINGLONG
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import (
    CINE,
    ECG,
    part10,
    parts_of,
    path_of,
    sample,
    small,
    store,
)

STUDY, SERIES = "1.2.840.1", "1.2.840.1.1"
ROOT = "http://127.0.0.1/dicom-web/sites/xinglong"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DICOM, OCTETS, JSON = "application/dicom", "application/octet-stream", "application/dicom+json"


def keep(edge: Edge, dataset: Any, site_id: str = XINGLONG) -> str:
    """Store a data set as a device would, and return the path of the instance."""
    return path_of(store(edge.rooms.archive, edge.consultation.clock, part10(dataset), site_id))


def get(edge: Edge, path: str, accept: str | None = None, **headers: str) -> Any:
    sent = headers | ({"Accept": accept} if accept is not None else {})
    return edge.client("reader").get(path, headers=sent)


def related(part: str, *parameters: str) -> str:
    return "; ".join([f'multipart/related; type="{part}"', *parameters])


def test_a_study_a_series_and_an_instance_are_one_part_an_instance(edge: Edge) -> None:
    """PS3.18 10.4.1.1.1 and PS3.18 8.6.1.2: every part with its type and its address at its site."""
    made = [
        small(StudyInstanceUID=STUDY, SeriesInstanceUID=series, SOPInstanceUID=f"{series}.{number}")
        for series, number in ((SERIES, 1), (SERIES, 2), ("1.2.840.1.2", 1))
    ]
    for dataset in made:
        keep(edge, dataset)
    below = f"/dicom-web/studies/{STUDY}"
    for path, expected in (
        (below, made),
        (f"{below}/series/{SERIES}", made[:2]),
        (f"{below}/series/{SERIES}/instances/{SERIES}.2", made[1:2]),
    ):
        for accept in (None, "*/*", related(DICOM), related(DICOM, "transfer-syntax=*")):
            answer = get(edge, path, accept)
            assert answer.headers["content-type"].startswith(f'multipart/related; type="{DICOM}"; boundary=')
            parts = parts_of(answer.headers["content-type"], answer.content)
            assert [content for _, content in parts] == [part10(each) for each in expected]
            assert {kind for kind, _ in parts} == {f"{DICOM}; transfer-syntax={EXPLICIT}"}
            for dataset in expected:
                location = f"{ROOT}/studies/{STUDY}/series/{dataset.SeriesInstanceUID}/instances/"
                assert f"Content-Location: {location}{dataset.SOPInstanceUID}\r\n".encode() in answer.content


ACCEPTED: Final = [
    # PS3.18 8.7.5: by quality, then by how exactly the type is named
    (related(DICOM), "", "multipart/related"),
    (DICOM, "", DICOM),
    (f"{DICOM}; transfer-syntax={EXPLICIT}", "", DICOM),
    (f"{DICOM}; transfer-syntax=*", "", DICOM),
    (f"{DICOM};q=0.5, {related(DICOM, 'q=0.9')}", "", "multipart/related"),
    (f"{related(DICOM, 'q=0.5')}, {DICOM}", "", DICOM),
    ("text/html;q=0.9, */*;q=0.1", "", "multipart/related"),
    ("application/*", "", DICOM),
    (f"{DICOM}; transfer-syntax={JPEGBaseline8Bit};q=1, {DICOM};q=0.1", "", DICOM),
    (f"{DICOM}; transfer-syntax={JPEGBaseline8Bit}", "", None),
    (f"{DICOM};q=0", "", None),
    ("image/png", "", None),
    ("application/dicom+xml", "", None),
    # PS3.18 8.3.3.1: the query parameter goes before the header
    ("image/png", f"accept={DICOM}", DICOM),
    (DICOM, f"accept={DICOM};transfer-syntax={JPEGBaseline8Bit}", None),
    (None, "accept=image/png", None),
]


def test_the_media_type_is_the_one_accepted_or_406(edge: Edge) -> None:
    """PS3.18 8.7.5, PS3.18 8.7.3.5 and PS3.18 8.3.3.1."""
    path = keep(edge, small())
    for accept, query, given in ACCEPTED:
        answer = get(edge, f"{path}?{query}", accept)
        if given is None:
            assert answer.status_code == 406, (accept, query)
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 200, (accept, query)
            assert answer.headers["content-type"].split(";")[0] == given, (accept, query)


def test_an_instance_comes_in_the_transfer_syntax_that_is_named_or_not_at_all(edge: Edge) -> None:
    """PS3.18 8.7.3.4 and PS3.18 8.7.5: as kept, in the default one, in JPEG-LS without loss, else 406."""
    implicit = small()
    implicit.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    path = keep(edge, implicit)
    for transfer_syntax in ("1.2.840.10008.1.2", EXPLICIT, JPEGLSLossless):
        accept = f"{DICOM}; transfer-syntax={transfer_syntax}"
        answer = get(edge, path, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, accept)
        made = dcmread(io.BytesIO(answer.content))
        assert made.file_meta.TransferSyntaxUID == transfer_syntax
        assert made.SOPInstanceUID == implicit.SOPInstanceUID
        for resource in (path, path.split("/series/")[0]):
            several = get(edge, resource, related(DICOM, f"transfer-syntax={transfer_syntax}"))
            parts = parts_of(several.headers["content-type"], several.content)
            assert parts == [(accept, answer.content)]
    assert get(edge, path, f"{DICOM}; transfer-syntax={JPEGBaseline8Bit}").status_code == 406


def test_a_single_part_says_what_and_where_it_is(edge: Edge) -> None:
    """PS3.18 8.4.2, PS3.18 8.4.3 and PS3.18 8.7.3.5: type, length, place; RFC 9110 8.8.3."""
    path = keep(edge, small())
    answer = get(edge, path, DICOM)
    assert answer.headers["content-type"] == f"{DICOM}; transfer-syntax={EXPLICIT}"
    assert answer.headers["content-location"] == f"{ROOT}{path.removeprefix('/dicom-web')}"
    assert int(answer.headers["content-length"]) == len(answer.content)
    held = get(edge, path, DICOM, **{"If-None-Match": answer.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert get(edge, path, DICOM, **{"If-None-Match": '"another"'}).status_code == 200


def test_metadata_is_all_but_what_is_bulky_by_address(edge: Edge) -> None:
    """PS3.18 10.4.1.1.2, PS3.18 F.2.6 and PS3.18 8.7.4; addresses are of the same origin, below the site."""
    sent = sample(ECG)
    path = keep(edge, sent)
    study = f"/dicom-web/studies/{sent.StudyInstanceUID}"
    for resource in (study, path.rpartition("/instances/")[0], path):
        for accept in (None, JSON, "application/json", f"{JSON};q=0.2, text/html"):
            answer = get(edge, f"{resource}/metadata", accept)
            assert answer.headers["content-type"] == JSON
            (data_set,) = answer.json()
            assert data_set["00080018"] == {"vr": "UI", "Value": [sent.SOPInstanceUID]}
            assert not [tag for tag in data_set if tag < "0008"]
            groups = data_set["54000100"]["Value"]
            uris = [group["54001010"]["BulkDataURI"] for group in groups]
            assert all(uri.startswith(f"{ROOT}/studies/") for uri in uris)
        assert get(edge, f"{resource}/metadata", related("application/dicom+xml")).status_code == 406
    waveforms = [group.WaveformData for group in sent.WaveformSequence]
    for accept in (OCTETS, f"{OCTETS}; transfer-syntax=*", f"{OCTETS}; transfer-syntax={EXPLICIT}"):
        assert [get(edge, uri, accept).content for uri in uris] == waveforms
    for accept in (None, "*/*", related(OCTETS), f"multipart/related; type={OCTETS}", related("*/*")):
        answer = get(edge, uris[0], accept)
        assert parts_of(answer.headers["content-type"], answer.content) == [
            (f"{OCTETS}; transfer-syntax={EXPLICIT}", waveforms[0])
        ]
    assert get(edge, uris[0], "image/png").status_code == 406


def uris_of(metadata: Any) -> list[str]:
    """Return every address of bulk data in DICOM JSON, in its order."""
    nested = metadata.values() if isinstance(metadata, dict) else metadata
    if isinstance(metadata, dict) and "BulkDataURI" in metadata:
        return [metadata["BulkDataURI"]]
    return [uri for each in nested if isinstance(each, dict | list) for uri in uris_of(each)]


def test_all_bulk_data_comes_under_the_addresses_of_the_metadata(edge: Edge) -> None:
    """PS3.18 10.4.1.1.5 and PS3.18 10.4.3.3.5: of a study, a series and an instance."""
    of_one = {"StudyInstanceUID": STUDY, "PatientID": "1", "PatientName": "A", "PatientBirthDate": ""}
    of_one["PatientSex"] = ""
    ecg, native, cine = (
        sample(ECG, SeriesInstanceUID="1.2.840.1.1", **of_one),
        small(SeriesInstanceUID="1.2.840.1.2", SOPInstanceUID="1.2.840.1.2.1", **of_one),
        sample(CINE, SeriesInstanceUID="1.2.840.1.3", NumberOfFrames=2, **of_one),
    )
    frames = list(generate_frames(cine.PixelData, number_of_frames=120))[:2]
    cine.PixelData = encapsulate(frames)
    waveforms = [group.WaveformData for group in ecg.WaveformSequence]
    paths = [keep(edge, dataset) for dataset in (ecg, native, cine)]
    study = f"/dicom-web/studies/{STUDY}"
    for resource, values in (
        (study, [*waveforms, native.PixelData, *frames]),
        (f"{study}/series/1.2.840.1.1", waveforms),
        (paths[1], [native.PixelData]),
        (paths[2], frames),
    ):
        uris = uris_of(get(edge, f"{resource}/metadata").json())
        answer = get(edge, f"{resource}/bulkdata", related("*/*", "transfer-syntax=*"))
        parts = parts_of(answer.headers["content-type"], answer.content)
        assert [content for _, content in parts] == values, resource
        found = [each.decode() for each in re.findall(rb"\r\nContent-Location: (\S+)\r\n", answer.content)]
        assert list(dict.fromkeys(found)) == uris
        assert len(found) == len(values)
    assert {kind for kind, _ in parts} == {f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}"}
    decoded = get(edge, f"{study}/bulkdata", related(OCTETS))
    kinds = {kind for kind, _ in parts_of(decoded.headers["content-type"], decoded.content)}
    assert kinds == {f"{OCTETS}; transfer-syntax={EXPLICIT}"}
    assert get(edge, f"{study}/bulkdata", related("image/jpeg")).status_code == 406
    assert get(edge, f"{paths[2]}/bulkdata", related("image/jpeg")).status_code == 200


def test_a_compressed_icon_is_had_at_its_address_and_among_all(edge: Edge) -> None:
    """PS3.18 10.4.1.1.5 and PS3.3 C.7.6.1.1.6: nested pixels in the transfer syntax of the instance."""
    cine = sample(CINE, NumberOfFrames=1)
    [frame, *_] = generate_frames(cine.PixelData, number_of_frames=120)
    cine.PixelData = encapsulate([frame])
    icon = Dataset()
    icon.Rows, icon.Columns, icon.PixelData = 8, 8, encapsulate([b"\xff\xd8icon\xff\xd9"])
    icon["PixelData"].VR = "OB"
    icon["PixelData"].is_undefined_length = True
    cine.IconImageSequence = [icon]
    path = keep(edge, cine)
    uri, pixels = uris_of(get(edge, f"{path}/metadata").json())
    assert uri.endswith("/bulkdata/00880200/1/7FE00010")
    for accept, kind in (("image/jpeg", "image/jpeg"), (OCTETS, OCTETS)):
        answer = get(edge, uri, accept)
        assert answer.content == b"\xff\xd8icon\xff\xd9"
        assert answer.headers["content-type"] == f"{kind}; transfer-syntax={JPEGBaseline8Bit}"
    everything = get(edge, f"{path}/bulkdata", related("image/jpeg"))
    parts = parts_of(everything.headers["content-type"], everything.content)
    assert [content for _, content in parts] == [b"\xff\xd8icon\xff\xd9", frame]
    assert get(edge, pixels, "image/jpeg").content == frame


def test_where_nothing_is_bulky_there_is_no_bulk_data(edge: Edge) -> None:
    """PS3.18 10.4.3.1: 404."""
    empty = small()
    del empty.PixelData
    assert get(edge, f"{keep(edge, empty)}/bulkdata").status_code == 404


RANGES: Final = [
    ("bytes=0-9", 206, slice(0, 10)),
    ("bytes=10-", 206, slice(10, None)),
    ("bytes=-4", 206, slice(-4, None)),
    ("bytes=60-999", 206, slice(60, None)),
    ("bytes=-999", 206, slice(0, None)),
    ("bytes=63-63", 206, slice(63, 64)),
    # RFC 9110 14.2: what is no single range is as if it were not there
    ("bytes=0-1,4-5", 200, slice(0, None)),
    ("bytes=5-4", 200, slice(0, None)),
    ("bytes=-", 200, slice(0, None)),
    ("lines=0-1", 200, slice(0, None)),
    ("bytes=64-", 416, None),
    ("bytes=-0", 416, None),
]


def test_a_range_of_bulk_data_is_given_alone(edge: Edge) -> None:
    """RFC 9110 14.2 in PS3.18 8.4.1 and PS3.18 10.4.1.1.5; with PS3.18 8.4.3's Content-Range."""
    pixels = bytes(range(64))
    path = f"{keep(edge, small(PixelData=pixels))}/bulkdata/7FE00010"
    whole = get(edge, path, OCTETS)
    assert (whole.content, whole.headers["accept-ranges"]) == (pixels, "bytes")
    assert whole.headers["content-location"].endswith("/bulkdata/7FE00010")
    for asked, status, expected in RANGES:
        answer = get(edge, path, OCTETS, Range=asked)
        assert answer.status_code == status, asked
        if expected is not None:
            assert answer.content == pixels[expected], asked
            assert int(answer.headers["content-length"]) == len(answer.content)
    assert get(edge, path, OCTETS, Range="bytes=2-3").headers["content-range"] == "bytes 2-3/64"
    assert get(edge, path, OCTETS, Range="bytes=64-").headers["content-range"] == "bytes */64"
    tag = whole.headers["etag"]
    assert get(edge, path, OCTETS, Range="bytes=2-3", **{"If-Range": tag}).status_code == 206
    assert get(edge, path, OCTETS, Range="bytes=2-3", **{"If-Range": '"old"'}).status_code == 200
    assert get(edge, path, OCTETS, **{"If-None-Match": tag}).status_code == 304
    multipart = get(edge, path, related(OCTETS), Range="bytes=2-3")
    assert multipart.status_code == 200


def test_frames_come_in_the_order_asked_for_each_as_a_part(edge: Edge) -> None:
    """PS3.18 10.4.1.1.6 and PS3.18 Table 8.7.3-5: compressed as they are, one alone also as a single part."""
    sent = sample(CINE)
    frames = list(generate_frames(sent.PixelData, number_of_frames=sent.NumberOfFrames))
    path = keep(edge, sent)
    for accept in (None, related("image/jpeg"), related("image/*"), related("*/*", "transfer-syntax=*")):
        answer = get(edge, f"{path}/frames/3,1,120", accept)
        parts = parts_of(answer.headers["content-type"], answer.content)
        assert parts == [
            (f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}", frames[number - 1]) for number in (3, 1, 120)
        ]
        for number in (3, 1, 120):
            assert f"/frames/{number}\r\n".encode() in answer.content
    answer = get(edge, f"{path}/frames/2", "image/jpeg")
    assert (answer.content, answer.headers["content-location"]) == (
        frames[1],
        f"{ROOT}{path.removeprefix('/dicom-web')}/frames/2",
    )
    for accept in (f"{OCTETS}; transfer-syntax=*", f"{OCTETS}; transfer-syntax={JPEGBaseline8Bit}"):
        assert get(edge, f"{path}/frames/2", accept).content == frames[1]


@pytest.mark.parametrize(
    ("frames", "accept", "status"),
    [
        ("0", None, 400),
        ("1,", None, 400),
        ("a", None, 400),
        ("121", None, 404),
        ("1,121", None, 404),
        ("1", related("image/jls"), 406),
        ("1,2", "image/jpeg", 406),
        ("1", f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.80", 406),
    ],
)
def test_a_frame_that_is_not_there_or_not_so_is_refused(
    edge: Edge, frames: str, accept: str | None, status: int
) -> None:
    """PS3.18 10.4.3.1: 400 for what is no list, 404 for what is not there, 406 for a form it has not."""
    path = keep(edge, sample(CINE))
    assert get(edge, f"{path}/frames/{frames}", accept).status_code == status


def test_what_is_out_of_sight_or_nowhere_is_not_found_at_every_resource(edge: Edge) -> None:
    """PS3.18 10.4.3.1 and PS3.18 8.13."""
    path = keep(edge, small(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID="1.2.840.1.1.1"))
    below = f"/dicom-web/studies/{STUDY}"
    resources = [below, f"{below}/metadata", f"{below}/series/{SERIES}", f"{below}/series/{SERIES}/metadata"]
    resources += [f"{below}/bulkdata", f"{below}/series/{SERIES}/bulkdata"]
    resources += [
        f"{path}{end}"
        for end in ("", "/metadata", "/frames/1", "/bulkdata", "/bulkdata/7FE00010", "/rendered")
    ]
    for resource in resources:
        assert get(edge, resource).status_code == 200, resource
        assert edge.client("neighbour").get(resource).status_code == 404, resource
        assert get(edge, resource.replace(STUDY, "9.9", 1)).status_code == 404, resource
        at_site = resource.replace("/dicom-web", f"/dicom-web/sites/{XINGLONG}", 1)
        assert get(edge, at_site).status_code == 200, resource
        assert get(edge, at_site.replace(XINGLONG, QINGSHAN)).status_code == 404, resource
