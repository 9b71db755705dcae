"""Fills both archives with the same files, at once: the hub by C-STORE, Orthanc by its REST."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx2

from bench import material
from bench.load import NotMeasured
from bench.sending import Sender
from bench.served_hub import ServedHub

SENDERS: Final = 4
"""As many associations as the hub gives one device."""
_LOOK_SECONDS: Final = 1.0
_SETTLE_SECONDS: Final = 1_200.0


def write_files(folder: Path, studies: int) -> list[Path]:
    """Write the files that both get, spread over one folder for each sender; return those folders."""
    folders = [folder / str(number) for number in range(SENDERS)]
    for each in folders:
        each.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate([material.radiograph(), *material.ultrasound_study()]):
        (folders[0] / f"large-{number}.dcm").write_bytes(file)
    for number in range(studies):
        (folders[number % SENDERS] / f"{number:06d}.dcm").write_bytes(material.small_study(number))
    return folders


def fill(hub: ServedHub, orthanc: httpx2.Client, folders: list[Path], tell: Callable[[str], None]) -> None:
    """Send everything to both and wait until the hub's worker has prepared it.

    Raises:
        NotMeasured: the hub refused a file, or does not come to the end of its work.
        HTTPStatusError: Orthanc did.
    """
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    sent_to_orthanc = _Count()
    is_over = threading.Event()
    sender = Sender(hub.target)

    def watch() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            tell(f"the hub has {hub.has_stored()} studies, Orthanc {sent_to_orthanc.number} files")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        with ThreadPoolExecutor(2 * SENDERS) as pool:
            stores = [pool.submit(sender.send, folder) for folder in folders]
            posts = [
                pool.submit(_post, orthanc, part, sent_to_orthanc, is_over)
                for part in _shares(files, SENDERS)
            ]
            try:
                for each in [*stores, *posts]:
                    each.result()
            finally:
                # Told to end, nobody waits for what is still to be sent.
                is_over.set()
                sender.stop()
    finally:
        is_over.set()
        watcher.join()
    wait_until_prepared(hub, tell)


class _Count:
    """A number that several threads add to."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.number += 1


def _post(orthanc: httpx2.Client, files: list[Path], count: _Count, is_over: threading.Event) -> None:
    with httpx2.Client(base_url=orthanc.base_url, timeout=orthanc.timeout, trust_env=False) as client:
        for path in files:
            if is_over.is_set():
                return
            client.post("/instances", content=path.read_bytes()).raise_for_status()
            count.add()


def _shares(files: list[Path], count: int) -> Iterator[list[Path]]:
    for number in range(count):
        yield files[number::count]


def wait_until_prepared(hub: ServedHub, tell: Callable[[str], None]) -> None:
    """Wait for the hub's own background work, so that neither is measured while it still takes in.

    Raises:
        NotMeasured: it does not come to its end.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        found = hub.figures()
        waiting = sum(found.jobs_waiting.values())
        behind = max(found.feed_lag.values(), default=0)
        if not waiting and not behind:
            return
        tell(f"the hub's worker has {waiting} jobs to do and is {behind} changes behind")
        time.sleep(_LOOK_SECONDS)
    raise NotMeasured("The hub's worker does not catch up.")
