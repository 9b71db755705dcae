"""Asks a server as fast as it answers, by clients that take next to no time themselves."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SCRIPT: Final = Path(__file__).with_name("requests.lua")
_PATIENCE_SECONDS: Final = 60


class NotMeasured(Exception):
    """A server did not answer as it should, so there is nothing to compare."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server: where its two doors are, and what it has to be shown to answer."""

    name: str
    base_url: str
    root: str
    dicom_port: int
    ae_title: str
    authorization: str = ""

    def paths(self, relative: Sequence[str]) -> list[str]:
        """Return paths below its DICOMweb root."""
        return [f"{self.root}{path}" for path in relative]

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": self.authorization} if self.authorization else {}


def rate(
    target: Target, relative: Sequence[str], *, accept: str, clients: int, seconds: float, folder: Path
) -> float:
    """Return answers in a second to `clients` at once, each on a connection that stays open.

    Who answers nothing in so many seconds is asked for longer.

    Raises:
        NotMeasured: an answer was an error, or none came.
    """
    asked = folder / "paths.txt"
    asked.write_text("".join(f"{path}\n" for path in target.paths(relative)), encoding="ascii")
    command = ["wrk", "-t1", f"-c{clients}", f"-d{round(seconds)}s", f"--timeout={_PATIENCE_SECONDS}s"]
    done = subprocess.run(  # noqa: S603 - our own words, and the address of a server we started
        [*command, "-s", str(_SCRIPT), target.base_url, "--", str(asked), accept],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"BENCH_AUTHORIZATION": target.authorization},
    )
    counted = json.loads(done.stdout.splitlines()[-1])
    if not counted["failures"] and not counted["requests"] and seconds < _PATIENCE_SECONDS / 2:
        longer = 2 * seconds
        return rate(target, relative, accept=accept, clients=clients, seconds=longer, folder=folder)
    if counted["failures"] or not counted["requests"]:
        raise NotMeasured(f"{target.name}: {done.stdout}")
    return float(counted["requests"] * 1_000_000 / counted["microseconds"])


def milliseconds_to_first_byte(target: Target, path: str, *, accept: str) -> float:
    """Return how long the first byte of an answer's body takes, on a fresh connection.

    Raises:
        NotMeasured: the answer is an error.
    """
    place = urlsplit(target.base_url)
    lines = [f"GET {target.root}{path} HTTP/1.1", f"Host: {place.netloc}", f"Accept: {accept}"]
    lines += [f"{name}: {value}" for name, value in target.headers.items()]
    with socket.create_connection((str(place.hostname), place.port or 80), _PATIENCE_SECONDS) as line:
        began = time.perf_counter()
        line.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii"))
        received = b""
        while not (end := received.find(b"\r\n\r\n") + 4) > 3 or len(received) == end:
            piece = line.recv(65_536)
            if not piece:
                raise NotMeasured(f"{target.name} closed the line.")
            received += piece
        took = time.perf_counter() - began
    if b" 200 " not in received.split(b"\r\n")[0]:
        raise NotMeasured(f"{target.name}: {received[:200]!r}")
    return took * 1000
