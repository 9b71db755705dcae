"""Debian's Orthanc with its DICOMweb plugin, of its own, on this machine alone."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2

from bench.sending import end

PLUGIN: Final = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AE_TITLE: Final = "ORTHANC"
_START_SECONDS: Final = 20
_ANSWER_SECONDS: Final = 60


class NotStarted(Exception):
    """Orthanc did not come up."""


def is_installed() -> bool:
    """Whether the plugin is there; the program itself is on the PATH where it is."""
    return PLUGIN.is_file()


@contextmanager
def running_orthanc(
    folder: Path, *, dicom_port: int | None = None, **settings: Any
) -> Iterator[httpx2.Client]:
    """Run an Orthanc on what is in `folder`, and give a client of it; `settings` stand beside its defaults.

    It takes C-STORE on `dicom_port` where one is given.

    Raises:
        NotStarted: it ended, or does not answer.
    """
    port = _free_port()
    plain = {
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": dicom_port is not None,
        "DicomPort": dicom_port or 0,
        "DicomAet": AE_TITLE,
        "DicomAlwaysAllowStore": True,
        "StorageDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
    }
    (folder / "orthanc.json").write_text(json.dumps(plain | settings), encoding="utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            ["Orthanc", str(folder / "orthanc.json")],  # noqa: S607 - as installed
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        base_url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=base_url, timeout=_ANSWER_SECONDS, trust_env=False) as client:
            _wait_for(client, process)
            yield client
    finally:
        end(process, _START_SECONDS)


def _wait_for(client: httpx2.Client, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/system").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise NotStarted("Orthanc ended." if process.poll() is not None else "Orthanc does not answer.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
