"""`make bench`: what a reader waits for, asked of the hub and of Orthanc by turns, on the same files."""

import platform
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import httpx2
import typer
from rich.console import Console

from bench import orthanc as peer
from bench.agreement import require_agreement
from bench.figures import PER_SECOND, Comparison
from bench.filling import fill, write_files
from bench.load import NotMeasured, Target, milliseconds_to_first_byte, rate
from bench.questions import QUESTIONS, Question
from bench.run import Output, commit, kept_folder, show, when_and_where, write
from bench.sending import PACE_SECONDS, sending
from bench.served_hub import NotServed, served_hub
from hub.ports import free_port

STUDIES: Final = 10_000
ROUNDS: Final = 3
SECONDS: Final = 4.0
_QUICK_STUDIES, _QUICK_SECONDS = 500, 4.0
_LINES: Final = 15
"""First bytes in one round."""
_CONSOLE: Final = Console(stderr=True)
_NAMES: Final = ", ".join(question.name for question in QUESTIONS)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def reading(
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"Ask only this; may be given again: {_NAMES}.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A look while developing: fewer studies, shorter rounds.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds of each question, by turns.")] = ROUNDS,
    output: Output = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep both archives in this folder, and use those that are there."),
    ] = None,
) -> None:
    """Measure reading beside Debian's Orthanc with its DICOMweb plugin.

    Starts `imaging-hub serve` on its embedded database and an Orthanc, each on ports of this machine alone;
    fills both with the same files (10,000 small studies, an ultrasound study with a cine of 36 MB, a DX);
    makes sure that both answer each question with the same content; then asks by turns, several rounds, and
    prints rates with their spread. A ratio is that of two neighbouring rounds: how busy the machine is
    otherwise weighs on both. The hub is asked with a bearer token and keeps its audit; Orthanc is asked
    without any access control, so it has less to do.

    Needs wrk, Orthanc with orthanc-dicomweb and dcmtk: `make bench` installs them where it may. It takes
    about ten minutes, with --quick two. Ended early, it ends what it has started.

    Begin with: make bench BENCH="--quick --only frame"
    """
    # Told to end, it ends what it started, as at Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    asked = [question for question in QUESTIONS if not only or question.name in only]
    if only and {*only} - {question.name for question in QUESTIONS}:
        raise typer.BadParameter(f"There are {_NAMES}.", param_hint="--only")
    studies, seconds = (_QUICK_STUDIES, _QUICK_SECONDS) if quick else (STUDIES, SECONDS)
    if not peer.is_installed():
        _CONSOLE.print("Orthanc's DICOMweb plugin is not installed: apt-get install orthanc-dicomweb")
        sys.exit(1)
    try:
        with kept_folder(keep) as folder:
            comparisons, conditions = _measured(folder, asked, studies, rounds, seconds)
    except (NotMeasured, NotServed, peer.NotStarted) as error:
        _CONSOLE.print(f"Not measured: {error}")
        sys.exit(1)
    show(comparisons)
    if output is not None:
        write(output, comparisons, conditions)


def _measured(
    folder: Path, asked: Sequence[Question], studies: int, rounds: int, seconds: float
) -> tuple[list[Comparison], dict[str, str]]:
    (folder / "orthanc").mkdir(parents=True, exist_ok=True)
    is_filled = folder / f"filled-{studies}"
    port = free_port("127.0.0.1")
    with (
        served_hub(folder / "hub") as hub,
        peer.running_orthanc(folder / "orthanc", dicom_port=port, KeepAlive=True) as orthanc,
    ):
        theirs = Target(
            name="Orthanc",
            base_url=str(orthanc.base_url).rstrip("/"),
            root="/dicom-web",
            dicom_port=port,
            ae_title=peer.AE_TITLE,
        )
        if not is_filled.exists():
            _CONSOLE.print("writing the files")
            folders = write_files(folder / "files", studies)
            began = time.monotonic()
            fill(hub, orthanc, folders, lambda line: _CONSOLE.print(f"  {line}"))
            _CONSOLE.print(f"filled both in {time.monotonic() - began:.0f} s")
            is_filled.touch()
        both = (hub.target, theirs)
        comparisons = [_compared(each, both, studies, rounds, seconds, folder) for each in asked]
        behind = sum(hub.figures().jobs_waiting.values())
        prepared = {"Background": f"{behind} jobs of the hub's worker were left to do at the end"}
        prepared["Answered by"] = f"{hub.register.settings.api_processes} processes on one port"
        return comparisons, _conditions(orthanc, studies, rounds, seconds) | prepared


def _compared(
    question: Question,
    targets: tuple[Target, Target],
    studies: int,
    rounds: int,
    seconds: float,
    folder: Path,
) -> Comparison:
    """Ask both by turns; each is asked once before, so that neither pays for a first time."""
    paths = question.paths(studies)
    size = require_agreement(question, paths[0], targets)
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for target, numbers in zip(targets, found, strict=True):
            with sending(target, studies) if question.while_sending else nullcontext():
                numbers.append(_asked(question, target, paths, seconds, folder))
        ours, theirs = found[0][-1], found[1][-1]
        unit = question.unit.name
        _CONSOLE.print(f"  {question.name} {number + 1}: {ours:.1f}{unit}, Orthanc {theirs:.1f}{unit}")
    return Comparison(
        name=question.name,
        what=f"{question.what}; {size / 1000:.0f} kB each",
        unit=question.unit,
        ours=tuple(found[0]),
        theirs=tuple(found[1]),
        aim=question.aim,
    )


def _asked(question: Question, target: Target, paths: Sequence[str], seconds: float, folder: Path) -> float:
    if question.unit == PER_SECOND:
        return rate(
            target, paths, accept=question.accept, clients=question.clients, seconds=seconds, folder=folder
        )
    return median(milliseconds_to_first_byte(target, paths[0], accept=question.accept) for _ in range(_LINES))


def _conditions(orthanc: httpx2.Client, studies: int, rounds: int, seconds: float) -> dict[str, str]:
    """Return what the numbers depend on."""
    system = orthanc.get("/system").json()
    plugin = orthanc.get("/plugins/dicom-web").json()
    return {
        **when_and_where(),
        "Hub": f"{commit()}, Python {platform.python_version()}, uvicorn {version('uvicorn')}, embedded"
        " database, files on the local disk, bearer token, audit on",
        "Orthanc": f"{system['Version']}, DICOMweb plugin {plugin['Version']}, its own defaults, no access"
        " control",
        "Asked": f"{rounds} rounds of {seconds:.0f} s by turns, wrk with connections that stay open,"
        f" Accept-Encoding gzip; {studies} small studies in both",
        "While a device sends": f"a small study every {PACE_SECONDS} s by C-STORE, to whom is asked",
        "Numbers": "the middle of the rounds (the least to the most); ratios are of neighbouring rounds",
    }


if __name__ == "__main__":
    app()
