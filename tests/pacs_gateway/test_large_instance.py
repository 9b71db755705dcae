"""A very large instance passes through without being held."""

import hashlib
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.instances import data_set, encoded
from tests.fixtures.raw_scu import RawSCU

MIB = 1024 * 1024
SIZE = 1024 * MIB
FRAGMENT = 131_072 - 6
RESIDENT_LIMIT = 200 * MIB

SERVER = """
import sys
from pathlib import Path
from tests.fixtures.catalogue import new_database
from tests.pacs_gateway.running_gateway import running_gateway

def say(line):
    sys.stdout.write(line + "\\n")  # in one piece: the log goes the same way
    sys.stdout.flush()

folder = Path(sys.argv[1])
with running_gateway(new_database(folder / "catalogue.sqlite"), folder) as running:
    say(f"port {running.port}")
    sys.stdin.read()
    for row in running.instances():
        say(f"instance {row['sop_instance_uid']} {row['size'] - row['data_set_offset']} {row['digest']}")
    say(f"left {len(list(running.incoming.iterdir()))}")
"""


@pytest.fixture
def gateway_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A gateway in a process of its own, so that its memory is its own."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, tmp_path],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()
    for path in (tmp_path / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()  # a gigabyte is not for keeping


def peak_memory(process: subprocess.Popen[str]) -> int:
    """Return the most memory that was resident, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("port "):
            return int(line.split()[1])
    raise AssertionError("the gateway did not start")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak of memory from /proc")
def test_a_gigabyte_arrives_in_little_memory(gateway_process: subprocess.Popen[str]) -> None:
    port = port_of(gateway_process)
    head = encoded(data_set(SOPInstanceUID="1.2.3.4", NumberOfFrames=1365, PixelData=None))
    head += struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, SIZE)
    digest = hashlib.sha256()
    block = os.urandom(FRAGMENT)

    def fragments() -> Iterator[bytes]:
        yield head
        digest.update(head)
        for start in range(0, SIZE, FRAGMENT):
            piece = block[: min(FRAGMENT, SIZE - start)]
            digest.update(piece)
            yield piece

    with RawSCU(port, timeout=60).associate() as scu:
        assert scu.echo() == 0
        before = peak_memory(gateway_process)
        assert scu.store(fragments(), sop_instance_uid="1.2.3.4").status == 0
        after = peak_memory(gateway_process)
        scu.release()
    assert after < RESIDENT_LIMIT
    assert after - before < 32 * MIB
    said, _ = gateway_process.communicate("")
    assert f"instance 1.2.3.4 {len(head) + SIZE} {digest.hexdigest()}" in said
    assert "left 0" in said
