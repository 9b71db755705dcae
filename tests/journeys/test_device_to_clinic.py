"""From a device's C-STORE to the signed report in the clinic's hands, with outside programs at every door."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from dicomweb_client import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from requests import Session
from sqlalchemy import Table, func, select

from core.access import EVERY_SITE, Grant, Role, Route
from core.uids import new_uid
from database.jobs import jobs
from hub.demo_studies import DemoStudy, demo_studies
from renditions.tables import kept_metadata, preparations, renditions
from storage.tables import instances
from tests.fixtures.running_hub import RunningHub, running_hub, wait_for

CHINESE_IMPRESSION = "胆囊结石，伴胆囊壁毛糙。𠮷 <b>&"

pytestmark = pytest.mark.timeout(400)  # whole processes start, on a machine that may be busy


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub with a clinic, its devices and its people; a second clinic that must see nothing."""
    with running_hub(tmp_path_factory.mktemp("journey") / "data", api_processes="2") as served:
        directory, accounts = served.register.directory, served.register.accounts
        directory.add_site("xinglong", "兴隆镇卫生院", quiet_seconds=1)
        directory.add_site("yongan", "永安镇卫生院")
        directory.add_reading_group("county", "县医院影像诊断中心")
        directory.add_route(Route(reading_group_id="county", site_id="xinglong", modality=None))
        for title in ("DEMO_US", "DEMO_DR", "DEMO_ECG"):
            directory.add_device(
                site_id="xinglong",
                name=title,
                calling_ae_title=title,
                called_ae_title="HUB",
                network="127.0.0.0/8",
            )
        accounts.add("reader", "阅片医师", [Grant(role=Role.READER, reading_group_id="county")])
        for username, site_id in (("clinic", "xinglong"), ("stranger", "yongan")):
            accounts.add(username, username, [Grant(role=Role.CLINIC, site_id=site_id)])
        yield served


@pytest.fixture(scope="module")
def studies() -> list[DemoStudy]:
    """An ECG, a radiograph and an ultrasound cine with Chinese names in three character sets."""
    return demo_studies(datetime(2026, 11, 20, 8, 30).astimezone())


@pytest.fixture(scope="module")
def reports(
    hub: RunningHub, studies: list[DemoStudy], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """Each study sent by dcmtk, claimed, written and signed; the signed report by calling AE title."""
    folder = tmp_path_factory.mktemp("sent")
    for study in studies:
        _dcmsend(hub, study, folder)
    with hub.client("reader") as reader:
        return {study.calling_ae_title: _report(reader, study, hub) for study in studies}


def _dcmsend(hub: RunningHub, study: DemoStudy, folder: Path) -> None:
    files = []
    for number, dataset in enumerate(study.instances):
        path = folder / f"{study.calling_ae_title}-{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        files.append(str(path))
    called = ["-aet", study.calling_ae_title, "-aec", "HUB", hub.dicom_host, str(hub.dicom_port)]
    done = subprocess.run(["dcmsend", "-v", *called, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"with status SUCCESS  : {len(files)}" in done.stderr + done.stdout


def _report(reader: httpx2.Client, study: DemoStudy, hub: RunningHub) -> dict[str, Any]:
    case = wait_for(lambda: _ready_case(reader, study), "the case to be claimable", hub)
    workitem_uid = case["workitem"]["workitem_uid"]
    claimed = reader.post(f"/api/v1/workitems/{workitem_uid}/claim")
    assert claimed.status_code == 200
    draft = reader.get(f"/api/v1/cases/{case['case_id']}/draft")
    saved = reader.put(
        f"/api/v1/cases/{case['case_id']}/draft",
        headers={"If-Match": draft.headers["etag"]},
        json={"workitem_uid": workitem_uid, "findings": study.findings, "impression": CHINESE_IMPRESSION},
    )
    assert saved.status_code == 200, saved.text
    signed = reader.post(
        f"/api/v1/cases/{case['case_id']}/sign",
        headers={"If-Match": saved.headers["etag"]},
        json={
            "workitem_uid": workitem_uid,
            "instances_seen": claimed.json()["instances_seen"],
            "status": "final",
        },
    )
    assert signed.status_code == 201, signed.text
    report: dict[str, Any] = signed.json()
    return report


def _ready_case(reader: httpx2.Client, study: DemoStudy) -> dict[str, Any] | None:
    for item in reader.get("/api/v1/worklist").json()["items"]:
        if item["study_instance_uid"] == study.study_instance_uid and not item["is_arriving"]:
            found: dict[str, Any] = item
            return found
    return None


def _published(hub: RunningHub, client: httpx2.Client, report: dict[str, Any], form: str) -> bytes:
    def look() -> bytes | None:
        answer = client.get(f"/api/v1/reports/{report['report_id']}/{form}")
        return answer.content if answer.status_code == 200 else None

    content: bytes = wait_for(look, f"the {form}", hub)
    return content


@pytest.mark.tool("dcmsend")
def test_names_of_three_character_sets_stand_right_on_the_list(
    hub: RunningHub, studies: list[DemoStudy], reports: dict[str, dict[str, Any]]
) -> None:
    assert set(reports) == {study.calling_ae_title for study in studies}
    with hub.client("reader") as reader:
        names = {
            item["study_instance_uid"]: item["patient_name"]
            for item in reader.get("/api/v1/worklist", params={"open": "false"}).json()["items"]
        }
    assert [names[study.study_instance_uid] for study in studies] == [
        "Zhao^Jianguo=赵^建国",
        "Li^Yun=李^運",
        "Wang^XiaoMing=王^小明",
    ]


@pytest.mark.tool("dcmsend", "qpdf", "pdftotext")
def test_the_clinic_fetches_json_pdf_and_sr_and_the_words_are_right(
    hub: RunningHub, reports: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    with hub.client("clinic") as clinic:
        for title, report in reports.items():
            words = clinic.get(f"/api/v1/reports/{report['report_id']}").json()
            assert words["document"]["impression"] == CHINESE_IMPRESSION
            path = tmp_path / f"{title}.pdf"
            path.write_bytes(_published(hub, clinic, report, "pdf"))
            subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
            text = subprocess.run(
                ["pdftotext", path, "-"], check=True, capture_output=True, text=True
            ).stdout.replace("\n", "")
            assert "胆囊结石，伴胆囊壁毛糙。" in text
            assert "U+20BB7" in text
            assert "<b>&" in text


@pytest.mark.tool("dcmsend", "dciodvfy", "dsrdump")
def test_the_sr_satisfies_outside_judges_and_lies_in_the_study(
    hub: RunningHub, reports: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    with hub.client("clinic") as clinic:
        for title, report in reports.items():
            path = tmp_path / f"{title}.dcm"
            path.write_bytes(_published(hub, clinic, report, "sr"))
            judged = subprocess.run(
                ["dciodvfy", "-new", path], capture_output=True, text=True, check=False, errors="replace"
            )
            assert not [line for line in judged.stderr.splitlines() if line.startswith("Error")]
            subprocess.run(["dsrdump", path], check=True, capture_output=True)
            assert dcmread(path).StudyInstanceUID == report["document"]["study_instance_uid"]


@pytest.mark.tool("dcmsend")
def test_an_independent_client_finds_and_fetches_the_study_as_it_was_sent(
    hub: RunningHub, studies: list[DemoStudy], reports: dict[str, dict[str, Any]]
) -> None:
    client = _dicomweb_client(hub, "clinic")
    for study in studies:
        [found] = client.search_for_studies(search_filters={"StudyInstanceUID": study.study_instance_uid})
        assert Dataset.from_json(found).PatientName == study.patient_name
        modalities = {
            series["00080060"]["Value"][0] for series in client.search_for_series(study.study_instance_uid)
        }
        wait_for(lambda study=study: _holds_report(client, study), "the study to hold its report", hub)
        assert study.instances[0].Modality in modalities
        for sent in study.instances:
            kept = client.retrieve_instance(
                study.study_instance_uid, sent.SeriesInstanceUID, sent.SOPInstanceUID
            )
            assert _values(kept) == _values(sent)


@pytest.mark.tool("dcmsend")
def test_another_site_sees_nothing_of_it(
    hub: RunningHub, studies: list[DemoStudy], reports: dict[str, dict[str, Any]]
) -> None:
    with hub.client("stranger") as stranger:
        assert stranger.get("/api/v1/worklist").json()["items"] == []
        assert stranger.get("/api/v1/reports").json()["items"] == []
        for report in reports.values():
            for form in ("", "/pdf", "/sr"):
                assert stranger.get(f"/api/v1/reports/{report['report_id']}{form}").status_code == 404
        for study in studies:
            assert stranger.get(f"/dicom-web/studies/{study.study_instance_uid}").status_code == 404


@pytest.mark.tool("dcmsend")
def test_the_timeline_tells_the_whole_way(hub: RunningHub, reports: dict[str, dict[str, Any]]) -> None:
    with hub.client("clinic") as clinic:
        report = reports["DEMO_US"]
        clinic.get(f"/api/v1/reports/{report['report_id']}")
        wait_for(
            lambda: "report.published" in _kinds(clinic, report["case_id"]), "the report to be published", hub
        )
        kinds = _kinds(clinic, report["case_id"])
    assert kinds.index("case.opened") < kinds.index("workitem.ready") < kinds.index("workitem.claimed")
    assert kinds.index("workitem.claimed") < kinds.index("report.signed")
    assert kinds.count("report.published") == 1
    assert kinds.count("report.received") == 1


@pytest.mark.tool("storescu")
def test_a_study_sent_twice_is_one_and_a_stranger_is_refused(hub: RunningHub, tmp_path: Path) -> None:
    [study] = [study for study in demo_studies(datetime.now().astimezone()) if study.title == "12-lead ECG"]
    for _ in range(2):
        _dcmsend(hub, study, tmp_path)
    with hub.client("reader") as reader:
        wait_for(lambda: _ready_case(reader, study), "the case", hub)
        found = reader.get(f"/dicom-web/studies/{study.study_instance_uid}/instances").json()
    assert len(found) == 1
    refused = subprocess.run(
        ["echoscu", "-aet", "NOBODY", "-aec", "HUB", hub.dicom_host, str(hub.dicom_port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Calling AE Title Not Recognized" in refused.stderr


def test_a_usb_stick_is_imported_and_read_like_anything_else(hub: RunningHub, tmp_path: Path) -> None:
    stick = tmp_path / "stick" / "DICOM"
    stick.mkdir(parents=True)
    (stick.parent / "readme.txt").write_text("no exam")
    study_instance_uid = new_uid()
    for study in demo_studies(datetime.now().astimezone())[:1]:
        for dataset in study.instances:
            dataset.StudyInstanceUID = study_instance_uid
            dataset.save_as(stick / "IM0001", enforce_file_format=True)
    told = hub.command("import", str(stick.parent), "--site", "xinglong")
    assert "1 stored" in told
    assert "1 not DICOM" in told
    assert "1 held already" in hub.command("import", str(stick.parent), "--site", "xinglong")


def test_the_doctor_finds_a_running_hub_well(hub: RunningHub) -> None:
    told = hub.command(
        "doctor",
        "--dicom-port",
        str(hub.dicom_port),
        "--http-port",
        hub.base_url.rstrip("/").rpartition(":")[2],
    )
    assert "BAD" not in told
    assert "by C-STORE" in told


def test_what_readers_need_is_prepared_behind_the_device(
    hub: RunningHub, reports: dict[str, dict[str, Any]], studies: list[DemoStudy]
) -> None:
    """By the worker, with its children, for every instance that came and every report that went in."""
    database = hub.register.database

    def count(table: Table) -> int:
        with database.read(within=EVERY_SITE) as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def is_done() -> bool:
        with database.read(within=EVERY_SITE) as connection:
            return not connection.scalar(
                select(func.count()).select_from(jobs).where(jobs.c.kind.startswith("renditions."))
            )

    wait_for(lambda: count(preparations) == count(instances) and is_done(), "what readers need", hub)
    assert count(kept_metadata) == count(instances)
    with database.read(within=EVERY_SITE) as connection:
        kept = set(connection.scalars(select(renditions.c.kind)))
    assert {"thumbnail", "preview", "cine", "ecg-sheet"} <= kept
    with hub.client("reader") as reader:
        for study in studies:
            path = f"/dicom-web/studies/{study.study_instance_uid}/thumbnail"
            assert reader.get(path).status_code == (404 if study.calling_ae_title == "DEMO_ECG" else 200)


def _dicomweb_client(hub: RunningHub, username: str) -> DICOMwebClient:
    session = Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {hub.token(username)}"
    return DICOMwebClient(url=f"{hub.base_url.rstrip('/')}/dicom-web/sites/xinglong", session=session)


def _holds_report(client: DICOMwebClient, study: DemoStudy) -> bool:
    series = client.search_for_series(study.study_instance_uid)
    return {"SR", "DOC"} <= {found["00080060"]["Value"][0] for found in series}


def _kinds(client: httpx2.Client, case_id: str) -> list[str]:
    return [change["kind"] for change in client.get(f"/api/v1/cases/{case_id}/timeline").json()["items"]]


def _values(dataset: Dataset) -> dict[str, Any]:
    """Return the values by tag. dcmtk counts lengths anew when it sends, of sequences and of groups.

    Names are compared where the hub decodes them: pydicom does not read ISO 2022 IR 58.
    """
    apart = {"DataSetTrailingPadding", "PatientName", "StudyDescription"}
    return {
        str(element.tag): element.value
        for element in dataset
        if element.tag.element != 0 and element.keyword not in apart
    }
