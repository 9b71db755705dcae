"""`python -m bench.ecg`: from an ECG's last byte to its claimable line, while another device pours in DX."""

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import httpx2
import numpy as np
import typer

from bench.load import NotMeasured
from bench.material import radiograph
from bench.run import commit, kept_folder, when_and_where
from bench.sending import DEVICE, dcmtk
from bench.served_hub import SITE, NotServed, ServedHub, served_hub
from core.access import Grant, Role
from ecg.leads import STANDARD

ECGS: Final = 60
_POLL_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 30
_AIM_SECONDS: Final = 1.0
_BOUNDARY: Final = "ecg"
_PATH: Final = f"/dicom-web/sites/{SITE}/studies"
_LEAD: Final = (
    '<component><sequence><code code="MDC_ECG_LEAD_{name}"/><value xsi:type="SLIST_PQ">'
    '<origin value="0" unit="uV"/><scale value="2.5" unit="uV"/><digits>{digits}</digits>'
    "</value></sequence></component>"
)
_FILE: Final = (
    '<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
    '<id root="1.2.3" extension="{patient_id}"/></trialSubject></subject></subjectAssignment></componentOf>'
    '</timepointEvent></componentOf><component><series><code code="RHYTHM"/><component><sequenceSet>'
    '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
    '<head value="20260301080000"/><increment value="0.002" unit="s"/></value></sequence></component>'
    "{leads}</sequenceSet></component></series></component></AnnotatedECG>"
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def arrival(
    ecgs: Annotated[int, typer.Option("--ecgs", min=5, max=1_000, help="How many are sent.")] = ECGS,
    alone: Annotated[bool, typer.Option("--alone", help="Without the other device.")] = False,
) -> None:
    """Send ECG files by STOW-RS, one after another, and wait for each on the reading list.

    Each has 12 leads of 10 s. Needs dcmtk's storescu, which sends 18 MB radiographs all the while.

    Takes one to two minutes on both cores: 10 s until the hub is there, then up to a second for each ECG
    (`--ecgs 20` half a minute). The radiographs need some gigabytes in the temporary folder until the end.
    Ends with 1 where the p95 is 1 s or more.
    """
    try:
        with kept_folder(None) as folder, served_hub(folder / "hub") as hub:
            seconds = _measured(hub, folder, ecgs, alone=alone)
    except (NotMeasured, NotServed) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from error
    late = seconds[math.ceil(0.95 * len(seconds)) - 1]
    for name, value in (when_and_where() | {"Hub": commit()}).items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"{ecgs} ECGs: median {median(seconds):.2f} s, p95 {late:.2f} s, most {seconds[-1]:.2f} s")
    if late >= _AIM_SECONDS:
        raise typer.Exit(1)


def _measured(hub: ServedHub, folder: Path, ecgs: int, *, alone: bool) -> list[float]:
    hub.register.accounts.add("bench-cart", "Cart", [Grant(role=Role.TECHNICIAN, site_id=SITE)])
    cart = {"Authorization": f"Bearer {hub.register.accounts.add_token('bench-cart', 'bench')}"}
    with (
        httpx2.Client(trust_env=False, base_url=hub.target.base_url, headers=cart, timeout=60) as sender,
        httpx2.Client(trust_env=False, base_url=hub.target.base_url, headers=hub.target.headers) as reader,
    ):
        _one(sender, reader, 0)  # the first finds everything cold
        if alone:
            return sorted(_one(sender, reader, number) for number in range(1, ecgs + 1))
        before = hub.has_stored()
        with _pouring(hub, folder):
            seconds = sorted(_one(sender, reader, number) for number in range(1, ecgs + 1))
        if hub.has_stored() - before <= ecgs:
            raise NotMeasured("The other device stored nothing meanwhile.")
        return seconds


@contextmanager
def _pouring(hub: ServedHub, folder: Path) -> Iterator[None]:
    """Let another device send radiographs, each of a study of its own, until the end."""
    image = folder / "dx.dcm"
    image.write_bytes(radiograph())
    command = [dcmtk("storescu"), "-aet", DEVICE, "-aec", hub.target.ae_title, "--repeat", "100000"]
    command += ["+II", "+IR", "1", "+IS", "1", "127.0.0.1", str(hub.target.dicom_port), str(image)]
    process = subprocess.Popen(  # noqa: S603 - our own words
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(2)
        if process.poll() is not None:
            raise NotMeasured("The other device was turned away.")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _one(sender: httpx2.Client, reader: httpx2.Client, number: int) -> float:
    """Return the seconds from the last byte of one ECG to its line that may be claimed."""
    patient_id = f"ECG{number:05}"
    body = _body(patient_id, number)
    sent_at = [0.0]

    def told() -> Iterator[bytes]:
        yield body
        sent_at[0] = time.monotonic()

    answer = sender.post(
        _PATH,
        content=told(),
        headers={"Content-Type": f'multipart/related; type="application/xml"; boundary={_BOUNDARY}'},
    )
    if answer.status_code != httpx2.codes.OK:
        raise NotMeasured(f"An ECG was not stored: {answer.status_code}.")
    while time.monotonic() < sent_at[0] + _PATIENCE_SECONDS:
        [*lines] = reader.get("/api/v1/worklist", params={"patient": patient_id}).json()["items"]
        if lines and not lines[0]["is_arriving"]:
            return time.monotonic() - sent_at[0]
        time.sleep(_POLL_SECONDS)
    raise NotMeasured("An ECG did not come onto the list.")


def _body(patient_id: str, number: int) -> bytes:
    leads = "".join(
        _LEAD.format(name=name.upper(), digits=" ".join(map(str, _samples(number, place))))
        for place, name in enumerate(STANDARD)
    )
    file = _FILE.format(patient_id=patient_id, leads=leads).encode()
    head = f"--{_BOUNDARY}\r\nContent-Type: application/xml\r\n\r\n".encode()
    return head + file + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _samples(number: int, place: int) -> list[int]:
    """Return 10 s at 500 Hz, of no other file's."""
    noise = np.random.default_rng((number, place)).normal(0, 20, 5_000)
    beat = 300 * np.exp(-(((np.arange(5_000) % 400) - 200) ** 2) / 80)
    return [int(each) for each in np.rint(beat + noise)]


if __name__ == "__main__":
    app()
