"""One hub for each module of tests of pages, served for real, and people signed in at a browser."""

import io
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from argon2 import PasswordHasher
from pydicom import Dataset

from core.uids import new_uid
from registry import passwords
from tests.fixtures.app_client import AppClient
from tests.fixtures.catalogue import new_database
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import XINGLONG, Consultation, new_consultation
from tests.fixtures.instances import RECEIVED
from tests.viewer_api.conftest import LOOPBACK, PASSWORD, new_rooms, register, served
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings, Rooms

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENT = {
    "PatientID": "X-17",
    "IssuerOfPatientID": "",
    "PatientName": "Wang^Li",
    "PatientBirthDate": "19600101",
    "PatientSex": "F",
}
SIGNED_IN = "hub.session"
"""Where a page keeps who is signed in, beside the cookie."""
_BOUNDARY = "part"


@dataclass(frozen=True)
class WebHub:
    """A hub that is served, with everybody registered."""

    consultation: Consultation
    rooms: Rooms
    tokens: dict[str, str]
    client: AppClient
    url: str

    def headers(self, username: str) -> dict[str, str]:
        """Return what says that a request is from this person."""
        return {"Authorization": f"Bearer {self.tokens[username]}"}

    def store(self, instances: Iterable[Path | Dataset], **values: Any) -> list[Dataset]:
        """Store instances as one new study of one patient at Xinglong, numbered in their order; return them.

        `values` stand in place of what the instances say.
        """
        study_instance_uid = new_uid()
        sent = []
        for number, given in enumerate(instances, start=1):
            dataset = pydicom.dcmread(given) if isinstance(given, Path) else given
            said = {"StudyInstanceUID": study_instance_uid, "SOPInstanceUID": new_uid()}
            said |= {"SeriesInstanceUID": f"{study_instance_uid}.1", "SeriesNumber": "1"}
            for keyword, value in (PATIENT | said | {"InstanceNumber": str(number)} | values).items():
                setattr(dataset, keyword, value)
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            sent.append(dataset)
        self._stow(sent)
        return sent

    def _stow(self, datasets: list[Dataset]) -> None:
        head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = b"".join(head + _file(dataset) + b"\r\n" for dataset in datasets)
        media_type = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
        answer = self.client.post(
            "/dicom-web/studies",
            content=body + f"--{_BOUNDARY}--\r\n".encode(),
            headers=self.headers("technician") | {"Content-Type": media_type},
        )
        assert answer.status_code == 200, answer.text


def _file(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Samples are as devices wrote them.
        warnings.simplefilter("ignore")
        dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHub]:
    """Sites, groups and people as the tests of the HTTP edge have them, for one module of tests."""
    folder = tmp_path_factory.mktemp("web")
    database = new_database(folder / "catalogue.sqlite")
    consultation = new_consultation(database, folder, FixedClock(RECEIVED))
    rooms = new_rooms(consultation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        tokens = register(rooms)
        app = create_app(rooms, HttpSettings())
        client = AppClient(app, client=LOOPBACK, base_url="http://127.0.0.1")
        with served(app) as url:
            yield WebHub(consultation, rooms, tokens, client, url)
    client.close()
    database.close()


@pytest.fixture
def sign_in(browser: "Browser", hub: WebHub) -> "Iterator[Callable[..., Page]]":
    """Return what opens a browser of its own in which this person is signed in, in Chinese unless asked."""
    contexts: list[BrowserContext] = []

    def page_of(username: str, *, locale: str = "zh-CN", width: int = 1440, height: int = 900) -> "Page":
        context = browser.new_context(
            locale=locale, timezone_id="Asia/Shanghai", viewport={"width": width, "height": height}
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        answer = context.request.post(
            f"{hub.url}/api/v1/login", data={"username": username, "password": PASSWORD}
        )
        assert answer.ok, answer.text()
        kept = json.dumps(answer.text())
        context.add_init_script(f"localStorage.setItem('{SIGNED_IN}', {kept})")
        return context.new_page()

    yield page_of
    for context in contexts:
        context.close()


def view_of(hub: WebHub, study_instance_uid: str) -> str:
    """Return the address of the page that shows a study's images."""
    return f"{hub.url}/view/{XINGLONG}/{study_instance_uid}"
