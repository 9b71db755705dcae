"""A device that sends to an archive by C-STORE, with dcmtk as devices do: all at once, or at its own pace."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import material
from bench.load import NotMeasured, Target

DEVICE: Final = "BENCH"
PACE_SECONDS: Final = 0.25
"""Between one study and the next of a device that sends meanwhile."""
_STOP_SECONDS: Final = 20
_NUMBERS: Final = 900_000


class Sender:
    """Sends folders and files to one archive; many threads may."""

    def __init__(self, target: Target, *options: str) -> None:
        """Send with these options of storescu."""
        titles = ["-aet", DEVICE, "-aec", target.ae_title]
        place = ["127.0.0.1", str(target.dicom_port)]
        self._command = [dcmtk("storescu"), *titles, *options, "+sd", *place]
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def send(self, path: Path) -> None:
        """Send what is there. Raises NotMeasured where it is refused."""
        process = subprocess.Popen(  # noqa: S603 - our own words
            [*self._command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._running.add(process)
        if self._is_over:
            process.terminate()
        refused = process.wait()
        self._running.discard(process)
        if refused and not self._is_over:
            raise NotMeasured("An archive does not take what is sent.")

    def stop(self) -> None:
        """End what is being sent."""
        self._is_over = True
        for process in [*self._running]:
            process.terminate()


@contextmanager
def sending(target: Target, studies: int) -> Iterator[None]:
    """Have a device send small studies, each of its own, to an archive that has so many; one a PACE_SECONDS.

    Raises:
        NotMeasured: one was refused, or none was sent.
    """
    sender, is_over = Sender(target), threading.Event()
    failures: list[NotMeasured] = []
    sent: list[int] = []

    def work(folder: Path) -> None:
        first = studies + int(time.time()) % _NUMBERS
        while not is_over.wait(PACE_SECONDS):
            number = first + len(sent)
            file = folder / f"{number}.dcm"
            file.write_bytes(material.small_study(number))
            try:
                sender.send(file)
            except NotMeasured as error:
                failures.append(error)
                return
            sent.append(number)

    with tempfile.TemporaryDirectory(prefix="bench-sent-") as folder:
        device = threading.Thread(target=work, args=(Path(folder),), daemon=True)
        device.start()
        try:
            yield
        finally:
            is_over.set()
            device.join(_STOP_SECONDS)
    if failures or not sent:
        raise failures[0] if failures else NotMeasured("Nothing was sent meanwhile.")


def end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """End a program that was started, at the latest after so long."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def dcmtk(program: str) -> str:
    """Return dcmtk's program of a name: pynetdicom puts others of the same names beside our Python."""
    own = str(Path(sys.executable).parent)
    folders = [each for each in os.environ.get("PATH", os.defpath).split(os.pathsep) if each != own]
    return shutil.which(program, path=os.pathsep.join(folders)) or program
