"""A large instance goes in and out of the hub without ever being in memory."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from core.limits import MIB
from tests.fixtures.catalogue import REPOSITORY
from tests.fixtures.encoded_elements import explicit
from tests.viewer_api.stored import STOW_TYPE, part10, small

SIZE = 300 * MIB
GROWTH = 48 * MIB
SERVE = """
import sys
from pathlib import Path
import uvicorn
from tests.fixtures.catalogue import new_database
from tests.fixtures.consultation import new_consultation
from tests.fixtures.clock import FixedClock
from tests.fixtures.instances import RECEIVED
from tests.viewer_api.conftest import new_rooms, register
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings

folder, port = Path(sys.argv[1]), int(sys.argv[2])
rooms = new_rooms(new_consultation(new_database(folder / "catalogue.sqlite"), folder, FixedClock(RECEIVED)))
(folder / "token").write_text(register(rooms)["technician"])
uvicorn.run(create_app(rooms, HttpSettings()), port=port, log_config=None, access_log=False)
"""


class Served:
    """An edge in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder), str(self.port)],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._token = folder / "token"

    def client(self) -> httpx2.Client:
        """Return a technician's client, once the edge answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    break
            except OSError:
                time.sleep(0.1)
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self._token.read_text()}"},
            timeout=120,
            trust_env=False,
        )

    def most_memory(self) -> int:
        """Return the most bytes that the process has had resident at once."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """The edge, served by a process of its own."""
    served = Served(tmp_path)
    yield served
    served.process.kill()
    served.process.wait()


def large_body(head: bytes) -> Iterator[bytes]:
    yield b"--hub-test-boundary\r\nContent-Type: application/dicom\r\n\r\n" + head
    for _ in range(SIZE // MIB):
        yield bytes(MIB)
    yield b"\r\n--hub-test-boundary--\r\n"


@pytest.mark.timeout(300)
def test_three_hundred_megabytes_pass_through_little_memory(alone: Served) -> None:
    image = small(PixelData=None, Rows=16384, Columns=19200)
    head = part10(image) + explicit(0x7FE00010, "OW", b"", length=SIZE)
    with alone.client() as client:
        client.post("/dicom-web/studies", content=small_body(), headers={"Content-Type": STOW_TYPE})
        client.get(f"/dicom-web/studies/{image.StudyInstanceUID}")
        before = alone.most_memory()
        answer = client.post(
            "/dicom-web/studies", content=large_body(head), headers={"Content-Type": STOW_TYPE}
        )
        assert answer.status_code == 200, answer.text
        assert alone.most_memory() - before < GROWTH
        url = f"/dicom-web/studies/{image.StudyInstanceUID}"
        below = f"{url}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}"
        for path in (url, f"{below}/bulkdata/7FE00010"):
            with client.stream("GET", path) as given:
                assert sum(len(chunk) for chunk in given.iter_bytes()) > SIZE
        assert client.get(f"{below}/metadata").json()[0]["7FE00010"]["vr"] == "OW"
        assert client.get(f"{below}/rendered").status_code == 406
        assert alone.most_memory() - before < GROWTH


def small_body() -> bytes:
    """Return what brings the process to its ordinary size."""
    return b"--hub-test-boundary\r\n\r\n" + part10(small()) + b"\r\n--hub-test-boundary--\r\n"
