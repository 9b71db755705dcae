"""Orthanc as a DICOMweb client: it asks us, takes a study, and sends one (PS3.18 10.4 to PS3.18 10.6)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bench.orthanc import is_installed, running_orthanc
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, ECG, data_set_of, part10, sample, small, store


@pytest.fixture
def orthanc(edge: Edge, address: str, tmp_path: Path) -> Iterator[httpx2.Client]:
    """An Orthanc of its own, on this machine alone, that knows us as the server `hub`."""
    if not is_installed():
        pytest.skip("needs Orthanc's DICOMweb plugin, which is not installed")
    hub = {"Url": f"{address}/dicom-web/", "HttpHeaders": edge.headers("technician")}
    with running_orthanc(tmp_path, DicomWeb={"Servers": {"hub": hub}}) as client:
        yield client


def ask(orthanc: httpx2.Client, act: str, **body: Any) -> Any:
    answer = orthanc.post(f"/dicom-web/servers/hub/{act}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def instances_in(orthanc: httpx2.Client, study: str) -> dict[str, bytes]:
    """Return what Orthanc holds of a study: each instance's data set by its UID."""
    found = orthanc.post(
        "/tools/find",
        json={"Level": "Instance", "Expand": True, "Query": {"StudyInstanceUID": study}},
    ).json()
    return {
        each["MainDicomTags"]["SOPInstanceUID"]: data_set_of(
            orthanc.get(f"/instances/{each['ID']}/file").content
        )
        for each in found
    }


@pytest.mark.tool("Orthanc")
def test_orthanc_asks_takes_and_sends(edge: Edge, orthanc: httpx2.Client) -> None:
    """PS3.18 10.6, PS3.18 10.4 and PS3.18 10.5: a cine and an ECG there unaltered, two instances here."""
    study = sample(CINE).StudyInstanceUID
    person = {"PatientName": "Zhang^San", "PatientID": "0001", "PatientBirthDate": "", "PatientSex": ""}
    kept = [sample(path, StudyInstanceUID=study, **person) for path in (CINE, ECG)]
    for dataset in kept:
        store(edge.rooms.archive, edge.consultation.clock, part10(dataset))
    (found,) = ask(orthanc, "qido", Uri="/studies", Arguments={"PatientID": "0001", "00100010": "Zhang*"})
    assert found["0020000D"]["Value"] == study
    assert len(ask(orthanc, "qido", Uri=f"/studies/{study}/series")) == 2
    assert ask(orthanc, "qido", Uri="/studies", Arguments={"PatientID": "nobody"}) == []
    taken = ask(orthanc, "retrieve", Resources=[{"Study": study}])
    assert taken["ReceivedInstancesCount"] == "2"
    assert instances_in(orthanc, study) == {
        dataset.SOPInstanceUID: data_set_of(part10(dataset)) for dataset in kept
    }

    sent = [small(StudyInstanceUID="1.2.840.77", SOPInstanceUID=f"1.2.840.77.{number}") for number in (1, 2)]
    uploads = [orthanc.post("/instances", content=part10(dataset)).json() for dataset in sent]
    answer = ask(orthanc, "stow", Resources=[uploads[0]["ParentStudy"]])
    assert answer["InstancesCount"] == "2"
    listed = edge.client("technician").get("/dicom-web/studies/1.2.840.77/instances").json()
    assert sorted(each["00080018"]["Value"][0] for each in listed) == ["1.2.840.77.1", "1.2.840.77.2"]
