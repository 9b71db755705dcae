"""Recordings of handhelds and Holter recorders at the doors of HTTP: the device's numbers one for one."""

import io
import zipfile

import numpy as np
import pytest

from core.access import EVERY_SITE
from ecg.waveform_class import AMBULATORY
from storage import foreign_taking
from storage.aside_records import AsideFilter
from storage.instance import Instance
from tests.ecg.formats import long_files
from tests.ecg.formats.written_records import WAVE, at_the_door
from tests.fixtures.consultation import XINGLONG, at_site
from tests.fixtures.kept_samples import assert_kept, kept_samples
from tests.viewer_api.conftest import Edge
from tests.viewer_api.test_ecg_files import address, uploaded
from tests.viewer_api.test_upload_routes import begin, pieces, send

RECORDED = at_the_door()


def only_instance(edge: Edge, study_instance_uid: str) -> Instance:
    [instance] = edge.rooms.archive.instances_of(study_instance_uid, visible_to=EVERY_SITE)
    return instance


@pytest.mark.parametrize("kind", sorted(RECORDED.keys() - {"WFDB"}))
def test_a_file_gives_its_samples_back_exactly(edge: Edge, kind: str) -> None:
    recorded = RECORDED[kind]
    [(name, body)] = recorded.files.items()

    told = uploaded(edge, body, name=name)

    assert told["state"] == "stored", told
    assert_kept(edge.rooms.archive, only_instance(edge, told["study_instance_uid"]), recorded)
    assert edge.client("reader").get(f"{address(told)}/original").content == body


def test_a_record_of_header_and_signals_comes_in_a_zip(edge: Edge) -> None:
    recorded = RECORDED["WFDB"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in sorted(recorded.files.items()):
            archive.writestr(f"a/{name}", body)
    upload = begin(edge, packed.getvalue())
    send(edge, upload, 1, packed.getvalue())

    assert edge.rooms.uploads._intake.unpack()

    told = edge.client("technician").get(f"/api/v1/uploads/{upload['upload_id']}").json()
    assert told["states"] == {"unpacked": 1, "stored": 2}
    [study] = told["study_instance_uids"]
    instance = only_instance(edge, study)
    assert_kept(edge.rooms.archive, instance, recorded)
    originals = edge.rooms.archive.originals_of(instance)
    assert [(each.name, each.size) for each in originals] == [
        (name, len(body)) for name, body in recorded.files.items()
    ]


@pytest.mark.parametrize("order", [("rec.dat", "rec.hea"), ("rec.hea", "rec.dat")])
def test_a_record_whose_files_come_one_by_one_is_joined(edge: Edge, order: tuple[str, ...]) -> None:
    recorded = RECORDED["WFDB"]
    files = {f"a/{name}": recorded.files[name] for name in order}
    announced = [{"name": name, "size": len(body)} for name, body in files.items()]
    technician = edge.client("technician")
    upload = technician.post("/api/v1/uploads", json={"site_id": XINGLONG, "files": announced}).json()
    for number, body in enumerate(files.values(), 1):
        assert send(edge, upload, number, body[:7]).status_code == 200
        assert not edge.rooms.uploads._intake.unpack()
        assert send(edge, upload, number, body[7:], 7).json()["state"] == "unpacking"

    assert edge.rooms.uploads._intake.unpack()
    assert not edge.rooms.uploads._intake.unpack()

    told = technician.get(f"/api/v1/uploads/{upload['upload_id']}").json()
    assert (told["states"], told["files_done"]) == ({"stored": 2}, 2)
    assert_kept(edge.rooms.archive, only_instance(edge, told["study_instance_uids"][0]), recorded)
    assert pieces(edge) == []


def test_a_record_waits_for_no_file_that_is_taken_by_itself(edge: Edge) -> None:
    recorded = RECORDED["WFDB"]
    files = {**recorded.files, "rec.edf": RECORDED["EDF"].files["one.edf"]}
    announced = [{"name": name, "size": len(body)} for name, body in files.items()]
    technician = edge.client("technician")
    upload = technician.post("/api/v1/uploads", json={"site_id": XINGLONG, "files": announced}).json()

    states = [
        send(edge, upload, number, body).json()["state"] for number, body in enumerate(files.values(), 1)
    ]

    assert states == ["unpacking", "unpacking", "stored"]
    assert edge.rooms.uploads._intake.unpack()
    told = technician.get(f"/api/v1/uploads/{upload['upload_id']}").json()
    assert told["states"] == {"stored": 3}
    assert len(told["study_instance_uids"]) == 2


def test_an_hour_of_a_holter_is_stored_whole_and_read_by_pages(edge: Edge) -> None:
    minute = np.tile(WAVE, 10)
    hour = np.concatenate([minute + number for number in range(60)])
    leads = [hour, hour // 2, -hour]

    told = uploaded(edge, long_files.ishne(leads, leads=(5, 6, 11)), name="day.ecg")

    instance = only_instance(edge, told["study_instance_uid"])
    frequency, originality, channels = kept_samples(edge.rooms.archive, instance)
    assert (instance.sop_class_uid, frequency, originality) == (AMBULATORY.sop_class_uid, 200, "ORIGINAL")
    np.testing.assert_array_equal(channels, np.stack(leads))
    reader = edge.client("reader")
    part = reader.get(f"{address(told)}/ecg", params={"start": 1800, "seconds": 1}).json()
    assert part["leads"]["I"][:200] == (2.5 * leads[0][360_000:360_200]).tolist()
    assert "from 1800 s" in reader.get(f"{address(told)}/ecg.svg", params={"start": 1800}).text
    assert reader.get(f"{address(told)}/ecg/disclosure.svg").status_code == 200


def test_a_file_that_is_too_long_lies_in_quarantine_and_says_what_to_do(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_taking, "FOREIGN_FILE_LIMIT", 1000)

    told = uploaded(edge, long_files.ishne([WAVE, WAVE]), name="day.ecg")

    assert told["state"] == "quarantined"
    assert "parts of fewer hours" in told["words"]
    [kept] = edge.rooms.shelf.items(at_site("admin"), AsideFilter())
    assert "parts of fewer hours" in kept.detail
