"""The npm package dicomweb-client, which OHIF is built on, on a served edge (PS3.18 10.4 to PS3.18 10.6)."""

import base64
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array
from pydicom.uid import JPEGBaseline8Bit

from tests.conformance.clients.downloads import node_modules
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, ECG, RADIOGRAPH, data_set_of, part10, sample, small, store

PERSON = {"PatientName": "Zhang^San", "PatientID": "7", "PatientBirthDate": "", "PatientSex": ""}
SCRIPT = Path(__file__).with_name("dicomweb_client.cjs")
FRAMES = [1, 2, 120]
SMALL = {"viewport": "256,256"}
AS_STORED = {"mediaType": "image/jpeg", "transferSyntaxUID": JPEGBaseline8Bit}

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(edge: Edge, address: str) -> Run:
    """Have the client do acts one after the other, in one process, as the clinic's technician."""
    modules = node_modules()

    def run_acts(*acts: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        asked = {"url": f"{address}/dicom-web", "headers": edge.headers("technician"), "acts": acts}
        done = subprocess.run(
            ["node", SCRIPT],
            input=json.dumps(asked),
            env=os.environ | {"NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    return run_acts


def uids_of(dataset: FileDataset) -> dict[str, str]:
    return {
        "studyInstanceUID": dataset.StudyInstanceUID,
        "seriesInstanceUID": dataset.SeriesInstanceUID,
        "sopInstanceUID": dataset.SOPInstanceUID,
    }


def bytes_of(answer: dict[str, Any]) -> list[bytes]:
    """Return the bytes of each part of an answer."""
    values = answer["answer"]
    parts = values if isinstance(values, list) else [values]
    return [base64.b64decode(part["bytes"]) for part in parts]


def data_sets_in(files: Iterable[bytes]) -> list[bytes]:
    """Return the data sets of files, sorted: a study has no order."""
    return sorted(map(data_set_of, files))


def size_of(picture: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        return image.format, image.size


@pytest.mark.tool("node", "npm")
def test_the_client_of_npm_finds_and_reads(
    edge: Edge, run: Run, caller: Callable[[str], httpx2.Client]
) -> None:
    """PS3.18 10.6 and PS3.18 10.4: search, instances, metadata, frames, bulk data, pictures."""
    study = sample(CINE).StudyInstanceUID
    sent = [sample(path, StudyInstanceUID=study, **PERSON) for path in (CINE, RADIOGRAPH, ECG)]
    cine, radiograph, ecg = sent
    for dataset in sent:
        store(edge.rooms.archive, edge.consultation.clock, part10(dataset))
    of_ecg = f"/dicom-web/studies/{study}/series/{ecg.SeriesInstanceUID}/metadata"
    (metadata,) = caller("technician").get(of_ecg).json()
    waveforms = [group["54001010"]["BulkDataURI"] for group in metadata["54000100"]["Value"]]
    png, jpeg = [{"mediaType": "image/png"}], [{"mediaType": "image/jpeg"}]
    found, none, series, instances, described, whole, studied, *rest = run(
        ("searchForStudies", {"queryParams": {"PatientName": "zhang*", "ModalitiesInStudy": "ECG"}}),
        ("searchForStudies", {"queryParams": {"PatientID": "nobody"}}),
        ("searchForSeries", {"studyInstanceUID": study}),
        ("searchForInstances", {"studyInstanceUID": study, "queryParams": {"limit": 2}}),
        ("retrieveInstanceMetadata", uids_of(ecg)),
        ("retrieveInstance", uids_of(ecg)),
        ("retrieveStudy", {"studyInstanceUID": study}),
        ("retrieveInstanceFrames", {**uids_of(cine), "frameNumbers": FRAMES, "mediaTypes": [AS_STORED]}),
        ("retrieveInstanceFrames", {**uids_of(cine), "frameNumbers": [7]}),
        ("retrieveInstanceFrames", {**uids_of(radiograph), "frameNumbers": [1]}),
        ("retrieveInstanceRendered", {**uids_of(radiograph), "mediaTypes": png, "queryParams": SMALL}),
        ("retrieveInstanceFramesRendered", {**uids_of(cine), "frameNumbers": [7], "mediaTypes": jpeg}),
        ("retrieveInstanceThumbnail", {**uids_of(cine), "mediaTypes": jpeg}),
        *[("retrieveBulkData", {"BulkDataURI": uri}) for uri in waveforms],
    )
    assert [each["0020000D"]["Value"] for each in found["answer"]] == [[study]]
    assert none["answer"] == []
    assert {each["00080060"]["Value"][0] for each in series["answer"]} == {"US", "CR", "ECG"}
    assert len(instances["answer"]) == 2
    assert described["answer"] == [metadata]
    assert list(map(data_set_of, bytes_of(whole))) == [data_set_of(part10(ecg))]
    assert data_sets_in(bytes_of(studied)) == data_sets_in(map(part10, sent))

    frames, decoded, pixels, rendered, of_frame, thumbnail, *values = rest
    stored = list(generate_frames(cine.PixelData, number_of_frames=cine.NumberOfFrames))
    assert bytes_of(frames) == [stored[number - 1] for number in FRAMES]
    assert bytes_of(decoded) == [pixel_array(CINE, index=6).tobytes()]
    assert bytes_of(pixels) == [radiograph.PixelData]
    assert size_of(*bytes_of(rendered)) == ("PNG", (241, 256))
    assert size_of(*bytes_of(of_frame)) == ("JPEG", (cine.Columns, cine.Rows))
    assert size_of(*bytes_of(thumbnail))[0] == "JPEG"
    assert [bytes_of(value) for value in values] == [[group.WaveformData] for group in ecg.WaveformSequence]


@pytest.mark.tool("node", "npm")
def test_the_client_of_npm_stores_and_is_refused(edge: Edge, run: Run) -> None:
    """PS3.18 10.5: instances kept, and no instance refused; PS3.18 10.4: what is not there is 404."""
    study = "1.2.840.77"
    sent = [part10(small(StudyInstanceUID=study, SOPInstanceUID=f"{study}.{number}")) for number in (1, 2)]
    files = [base64.b64encode(file).decode() for file in (*sent, b"no DICOM")]
    stored, had, refused, unknown = run(
        ("storeInstances", {"datasets": files[:2]}),
        ("retrieveStudy", {"studyInstanceUID": study}),
        ("storeInstances", {"datasets": files[2:]}),
        ("retrieveStudy", {"studyInstanceUID": "1.2.840.78"}),
    )
    answer = json.loads(stored["answer"])
    assert [item["00081155"]["Value"] for item in answer["00081199"]["Value"]] == [
        [f"{study}.1"],
        [f"{study}.2"],
    ]
    assert data_sets_in(bytes_of(had)) == data_sets_in(sent)
    assert refused["status"] == 409
    assert unknown["status"] == 404
