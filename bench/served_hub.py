"""The hub as it is shipped: `imaging-hub serve` on its embedded database, with one clinic and one reader."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from bench.load import Target
from bench.sending import DEVICE, end
from core.access import Grant, Role, Route
from core.errors import AlreadyRegistered
from database.figures import Figures, figures
from hub.ports import free_port
from hub.register import Register, open_register
from hub.settings import load

SITE: Final = "bench"
_HOST: Final = "127.0.0.1"
READER: Final = "bench-reader"
_GROUP: Final = "bench-readers"
_START_SECONDS: Final = 90
_STOP_SECONDS: Final = 20


class NotServed(Exception):
    """The hub did not come up."""


@dataclass(frozen=True, kw_only=True)
class ServedHub:
    """A hub that serves, and its register."""

    target: Target
    register: Register

    def figures(self) -> Figures:
        """Return what still waits to be done in the background."""
        return figures(self.register.database, now=self.register.clock.now())

    def has_stored(self) -> int:
        """Return how many instances its feed has seen."""
        with httpx2.Client(trust_env=False, headers=self.target.headers) as client:
            answer = client.get(f"{self.target.base_url}{self.target.root}/studies?limit=1&offset=1")
            return int(answer.headers.get("x-total-count", "0"))


@contextmanager
def served_hub(folder: Path, **given: Any) -> Iterator[ServedHub]:
    """Serve a hub on `folder`; readers come in by a bearer token of an account in a reading group.

    `given` are further settings.

    Raises:
        NotServed: it ended, or does not answer.
    """
    ports = {"dicom_port": free_port(_HOST), "http_port": free_port(_HOST)}
    settings = load(data=folder, host=_HOST, log_format="json", **ports, **given)
    base_url = f"http://{_HOST}:{settings.http_port}"
    command = [sys.executable, "-P", "-m", "hub", "serve"]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "bench.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdout=log, stderr=log, env=os.environ | settings.environment()
        )
    try:
        _wait_for(base_url, process)
        register = open_register(settings)
        target = Target(
            name="the hub",
            base_url=base_url,
            root=f"/dicom-web/sites/{SITE}",
            dicom_port=settings.dicom_port,
            ae_title=settings.ae_title,
            authorization=f"Bearer {_token(register)}",
        )
        yield ServedHub(
            target=target,
            register=register,
        )
        register.database.close()
    finally:
        end(process, _STOP_SECONDS)


def _token(register: Register) -> str:
    """Return a bearer token of a reader whose group reads the clinic, all registered where they are not."""
    directory = register.directory
    try:
        directory.add_site(SITE, "Bench clinic")
    except AlreadyRegistered:
        return register.accounts.add_token(READER, "bench")
    directory.add_device(
        site_id=SITE,
        name="Bench",
        calling_ae_title=DEVICE,
        called_ae_title=register.settings.ae_title,
        network=_HOST,
    )
    directory.add_reading_group(_GROUP, "Bench readers")
    directory.add_route(Route(reading_group_id=_GROUP, site_id=SITE, modality=None))
    register.accounts.add(READER, "Bench reader", [Grant(role=Role.READER, reading_group_id=_GROUP)])
    return register.accounts.add_token(READER, "bench")


def _wait_for(base_url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{base_url}/readyz", trust_env=False).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise NotServed("The hub ended." if process.poll() is not None else "The hub does not answer.")
