"""An independent client on a served edge: search, retrieve, metadata, frames, pictures, store."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array

from tests.fixtures.consultation import XINGLONG
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, ECG, RADIOGRAPH, part10, sample, store

SAMPLES = {"US": CINE, "CR": RADIOGRAPH, "ECG": ECG}


def client_at(edge: Edge, address: str, username: str, root: str = "/dicom-web") -> DICOMwebClient:
    session = requests.Session()
    session.trust_env = False
    session.headers.update(edge.headers(username))
    return DICOMwebClient(f"{address}{root}", session=session)


@pytest.fixture
def client(edge: Edge, address: str) -> Iterator[DICOMwebClient]:
    """The reader's client."""
    made = client_at(edge, address, "reader")
    yield made
    made._session.close()


def kept(edge: Edge, path: Path) -> pydicom.Dataset:
    """Store a sample as a device would, and return what was sent."""
    dataset = sample(path)
    store(edge.rooms.archive, edge.consultation.clock, part10(dataset))
    return dataset


def address_of(dataset: pydicom.Dataset) -> tuple[str, str, str]:
    return dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID


def test_studies_series_and_instances_are_found(edge: Edge, client: DICOMwebClient) -> None:
    sent = {modality: kept(edge, path) for modality, path in SAMPLES.items()}
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    for modality, dataset in sent.items():
        (study,) = client.search_for_studies(
            fuzzymatching=False,
            limit=5,
            offset=0,
            fields=["StudyDescription", "00080061"],
            search_filters={"StudyInstanceUID": dataset.StudyInstanceUID, "ModalitiesInStudy": modality},
        )
        found = pydicom.Dataset.from_json(study)
        assert found.PatientName == dataset.PatientName
        assert found.NumberOfStudyRelatedInstances == 1
        (series,) = client.search_for_series(dataset.StudyInstanceUID)
        assert pydicom.Dataset.from_json(series).Modality == modality
        (instance,) = client.search_for_instances(dataset.StudyInstanceUID, dataset.SeriesInstanceUID)
        assert pydicom.Dataset.from_json(instance).SOPInstanceUID == dataset.SOPInstanceUID
    assert len(client.search_for_studies()) == len(client.search_for_instances()) == 3
    assert len(client.search_for_studies(get_remaining=True, limit=1)) == 3


@pytest.mark.parametrize("path", SAMPLES.values(), ids=SAMPLES)
def test_an_instance_is_had_back_as_it_was(edge: Edge, client: DICOMwebClient, path: Path) -> None:
    sent = kept(edge, path)
    study, series, instance = address_of(sent)
    for (had,) in (
        [client.retrieve_instance(study, series, instance)],
        client.retrieve_series(study, series),
        client.retrieve_study(study, media_types=[("application/dicom", "*")]),
        list(client.iter_study(study)),
    ):
        assert part10(had) == part10(sent)


def test_metadata_can_be_read_as_a_data_set(edge: Edge, client: DICOMwebClient) -> None:
    sent = kept(edge, ECG)
    (study_metadata,) = client.retrieve_study_metadata(sent.StudyInstanceUID)
    (series_metadata,) = client.retrieve_series_metadata(sent.StudyInstanceUID, sent.SeriesInstanceUID)
    metadata = client.retrieve_instance_metadata(*address_of(sent))
    assert study_metadata == series_metadata == metadata
    addresses: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = pydicom.Dataset.from_json(metadata, lambda _tag, _vr, uri: addresses.append(uri) or b"")
        assert read.PatientName == sent.PatientName
        assert read.WaveformSequence[0].NumberOfWaveformSamples == 10000
    waveforms = [group.WaveformData for group in sent.WaveformSequence]
    assert [client.retrieve_bulkdata(uri)[0] for uri in addresses] == waveforms


def test_frames_are_had_compressed_or_as_octets(edge: Edge, client: DICOMwebClient) -> None:
    cine, radiograph = kept(edge, CINE), kept(edge, RADIOGRAPH)
    stored = list(generate_frames(cine.PixelData, number_of_frames=120))
    numbers = [1, 2, 120]
    expected = [stored[number - 1] for number in numbers]
    assert client.retrieve_instance_frames(*address_of(cine), numbers) == expected
    jpeg = ("image/jpeg", "1.2.840.10008.1.2.4.50")
    assert client.retrieve_instance_frames(*address_of(cine), numbers, media_types=[jpeg]) == expected
    octets = ["application/octet-stream"]
    (decoded,) = client.retrieve_instance_frames(*address_of(cine), [7], media_types=octets)
    assert decoded == pixel_array(CINE, index=6).tobytes()
    for media_types in (None, octets):
        (frame,) = client.retrieve_instance_frames(*address_of(radiograph), [1], media_types=media_types)
        assert frame == radiograph.PixelData


@pytest.mark.parametrize(("path", "mode"), [(CINE, "RGB"), (RADIOGRAPH, "L")])
def test_pictures_can_be_shown(edge: Edge, client: DICOMwebClient, path: Path, mode: str) -> None:
    sent = kept(edge, path)
    for body in (
        client.retrieve_instance_rendered(*address_of(sent), media_types=["image/jpeg"]),
        client.retrieve_instance_rendered(*address_of(sent), media_types=["image/png"]),
        client.retrieve_instance_frames_rendered(*address_of(sent), [1], media_types=["image/jpeg"]),
    ):
        picture = Image.open(io.BytesIO(body))
        assert picture.mode == mode
        assert picture.size == (sent.Columns, sent.Rows)
        assert np.asarray(picture).std() > 10


@pytest.mark.parametrize("root", ["/dicom-web", f"/dicom-web/sites/{XINGLONG}"])
@pytest.mark.parametrize("in_study", [False, True])
def test_instances_are_stored(edge: Edge, address: str, root: str, *, in_study: bool) -> None:
    client = client_at(edge, address, "technician", root)
    study = sample(CINE).StudyInstanceUID
    one_person = {"PatientName": "Zhang^San", "PatientID": "7", "PatientBirthDate": "", "PatientSex": ""}
    sent = [sample(path, StudyInstanceUID=study, **one_person) for path in (CINE, ECG)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = client.store_instances(sent, study_instance_uid=study if in_study else None)
    stored = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]
    assert stored == [dataset.SOPInstanceUID for dataset in sent]
    assert answer.RetrieveURL == f"{address}/dicom-web/sites/{XINGLONG}/studies/{study}"
    assert len(client.search_for_instances(study)) == 2
    client._session.close()


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda client: client.retrieve_study("9.9.9"), 404),
        (lambda client: client.search_for_studies(search_filters={"StudyDate": "yesterday"}), 400),
        (lambda client: client.store_instances([sample(ECG)]), 403),
    ],
)
def test_a_refusal_is_understood(client: DICOMwebClient, act: Any, status: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(requests.HTTPError) as refused:
            act(client)
    assert refused.value.response.status_code == status
