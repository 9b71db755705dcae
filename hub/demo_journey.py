"""The demonstration's journey over HTTP, from the list to the report in the clinic; each step is checked."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any, TypeVar

import httpx2
import numpy
from pydicom import dcmread
from rich.console import Console

from core.errors import HubError
from hub.demo_studies import DemoStudy
from hub.settings import Settings

LONGEST_WAIT_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2

Answer = dict[str, Any]
Thing = TypeVar("Thing")


class Journey:
    """A reader and a clinic at work; a step that does not happen raises HubError."""

    def __init__(
        self, settings: Settings, credentials: dict[str, dict[str, str]], console: Console, *, steps: int
    ) -> None:
        host = f"[{settings.http_host}]" if ":" in settings.http_host else settings.http_host
        base_url = f"http://{host}:{settings.http_port}"
        self._console = console
        self._steps = steps
        self._done = 0
        self._reader = _client(base_url, credentials["reader"]["token"])
        self._clinic = _client(base_url, credentials["clinic"]["token"])
        self._credentials = credentials
        self._base_url = base_url

    def step(self, what: str, act: Callable[[], str]) -> None:
        """Do one step and tell what came of it. Raises HubError."""
        self._done += 1
        began = time.monotonic()
        try:
            told = act()
        except httpx2.HTTPError as error:
            raise HubError(f"The hub did not answer: {error}") from error
        seconds = time.monotonic() - began
        self._console.print(f"[{self._done:2}/{self._steps}] {what}: {told} ({seconds:.1f} s)", markup=False)

    def close(self) -> None:
        """End the connections."""
        self._reader.close()
        self._clinic.close()

    def hub_is_ready(self) -> str:
        """Wait for the hub, and log in as a person does."""
        _wait_for("the hub to be ready", lambda: self._reader.get("/readyz").status_code == 200 or None)
        login = self._credentials["reader"]
        with httpx2.Client(base_url=self._base_url) as browser:
            _expect(
                browser.post(
                    "/api/v1/login", json={"username": login["username"], "password": login["password"]}
                ),
                200,
            )
            me = _expect(browser.get("/api/v1/me"), 200).json()
        return f"{me['username']} can log in"

    def read_and_report(self, study: DemoStudy) -> None:
        """Take one exam from the list to the clinic's hands."""
        case: Answer = {}
        report: Answer = {}
        name = study.title
        self.step(f"{name} is on the list", lambda: self._listed(study, case))
        self.step(f"{name} is claimed", lambda: self._claimed(case))
        self.step(f"{name} is looked at", lambda: self._looked_at(study, case))
        self.step(f"{name} is written", lambda: self._written(study, case))
        self.step(f"{name} is signed", lambda: self._signed(case, report))
        self.step(f"the clinic has the report of the {name}", lambda: self._received(study, report))
        self.step(f"the study of the {name} holds its report", lambda: self._in_study(study, case))

    def _listed(self, study: DemoStudy, case: Answer) -> str:
        def look() -> Answer | None:
            items = _expect(self._reader.get("/api/v1/worklist", params={"limit": 1000}), 200).json()["items"]
            for item in items:
                if item["study_instance_uid"] == study.study_instance_uid and not item["is_arriving"]:
                    found: Answer = item
                    return found
            return None

        case.update(_wait_for("the case to be claimable", look))
        if case["patient_name"] != study.patient_name:
            raise HubError("The name on the list is not the name that the device sent.")
        return f"{case['patient_name']}, {case['number_of_instances']} instances, due {case['due_at']}"

    def _claimed(self, case: Answer) -> str:
        answer = self._reader.post(f"/api/v1/workitems/{case['workitem']['workitem_uid']}/claim")
        claimed = _expect(answer, 200).json()
        case["instances_seen"] = claimed["instances_seen"]
        return f"{claimed['workitem']['procedure_step_state']} by {claimed['workitem']['claimed_by_name']}"

    def _looked_at(self, study: DemoStudy, case: Answer) -> str:
        looks = []
        for dataset in study.instances:
            path = (
                f"/dicom-web/sites/{case['site_id']}/studies/{study.study_instance_uid}"
                f"/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"
            )
            look = self._ecg if "WaveformSequence" in dataset else self._pixels
            looks.append(look(path))
        return "; ".join(looks)

    def _pixels(self, path: str) -> str:
        preview = _expect(self._reader.get(f"{path}/rendered", headers={"Accept": "image/jpeg"}), 200)
        frame = _expect(
            self._reader.get(
                f"{path}/frames/1",
                headers={"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'},
            ),
            200,
        )
        if not preview.content.startswith(b"\xff\xd8") or len(frame.content) < 1000:
            raise HubError("The preview or the frame is no picture.")
        return f"preview {len(preview.content) // 1024} kB, frame {len(frame.content) // 1024} kB"

    def _ecg(self, path: str) -> str:
        answer = _expect(self._reader.get(path, headers={"Accept": "application/dicom"}), 200)
        waveform = dcmread(BytesIO(answer.content)).waveform_array(0)
        if waveform.shape[1] != 12 or not numpy.any(waveform):
            raise HubError("The ECG does not have twelve leads with a signal.")
        return f"{waveform.shape[1]} leads of {waveform.shape[0]} samples"

    def _written(self, study: DemoStudy, case: Answer) -> str:
        path = f"/api/v1/cases/{case['case_id']}/draft"
        draft = _expect(self._reader.get(path), 200)
        saved = _expect(
            self._reader.put(
                path,
                headers={"If-Match": draft.headers["etag"]},
                json={
                    "workitem_uid": case["workitem"]["workitem_uid"],
                    "findings": study.findings,
                    "impression": study.impression,
                },
            ),
            200,
        )
        case["etag"] = saved.headers["etag"]
        return f"draft {case['etag']}"

    def _signed(self, case: Answer, report: Answer) -> str:
        answer = self._reader.post(
            f"/api/v1/cases/{case['case_id']}/sign",
            headers={"If-Match": case["etag"]},
            json={
                "workitem_uid": case["workitem"]["workitem_uid"],
                "instances_seen": case["instances_seen"],
                "status": "final",
            },
        )
        report.update(_expect(answer, 201).json())
        return f"report {report['report_id']}"

    def _received(self, study: DemoStudy, report: Answer) -> str:
        path = f"/api/v1/reports/{report['report_id']}"
        words = _expect(self._clinic.get(path), 200).json()
        pdf = _wait_for("the PDF", lambda: _if_published(self._clinic.get(f"{path}/pdf")))
        sr = _wait_for("the SR", lambda: _if_published(self._clinic.get(f"{path}/sr")))
        texts = [
            str(item.TextValue)
            for heading in dcmread(BytesIO(sr)).ContentSequence
            for item in heading.get("ContentSequence", [])
            if "TextValue" in item
        ]
        if words["document"]["impression"] != study.impression:
            raise HubError("The clinic's JSON does not hold the impression.")
        if not pdf.startswith(b"%PDF-"):
            raise HubError("The clinic's PDF is none.")
        if not any(study.impression.splitlines()[0] in text for text in texts):
            raise HubError("The clinic's SR does not hold the impression.")
        return f"JSON, PDF {len(pdf) // 1024} kB, SR {len(sr)} bytes"

    def _in_study(self, study: DemoStudy, case: Answer) -> str:
        root = f"/dicom-web/sites/{case['site_id']}/studies"
        found = _expect(self._clinic.get(f"{root}/{study.study_instance_uid}/series"), 200).json()
        modalities = sorted(series["00080060"]["Value"][0] for series in found)
        if not {"SR", "DOC"} <= set(modalities):
            raise HubError("The study does not hold the SR and the PDF of its report.")
        return ", ".join(modalities)


def _client(base_url: str, token: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    )


def _expect(answer: httpx2.Response, status: int) -> httpx2.Response:
    if answer.status_code != status:
        raise HubError(f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}.")
    return answer


def _if_published(answer: httpx2.Response) -> bytes | None:
    """A report is printed a moment after it is signed: 409 until then."""
    return None if answer.status_code == 409 else _expect(answer, 200).content


def _wait_for(what: str, look: Callable[[], Thing | None]) -> Thing:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(LOOK_EVERY_SECONDS)
    raise HubError(f"Waited {LONGEST_WAIT_SECONDS:.0f} s in vain for {what}.")
