"""The command line: what an engineer types to run the hub and to say who belongs to it."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import HubError, Misconfigured
from hub import admin

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Directory that holds everything.", show_default="./hub-data")
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="Address for DICOM and HTTP.", show_default="127.0.0.1")
]
DicomHostOption = Annotated[
    str | None, typer.Option("--dicom-host", help="Address for DICOM.", show_default="--host")
]
HttpHostOption = Annotated[
    str | None, typer.Option("--http-host", help="Address for HTTP.", show_default="--host")
]
DicomPortOption = Annotated[
    int | None, typer.Option("--dicom-port", help="Port for DICOM; 0: a free one.", show_default="11112")
]
HttpPortOption = Annotated[
    int | None, typer.Option("--http-port", help="Port for HTTP; 0: a free one.", show_default="8000")
]
AETitleOption = Annotated[
    str | None, typer.Option("--ae-title", help="The hub's AE title.", show_default="HUB")
]
ApiProcessesOption = Annotated[
    int | None,
    typer.Option(
        "--api-processes", help="Processes that answer HTTP, 1 to 16.", show_default="2, on one core 1"
    ),
]

app = typer.Typer(
    name="imaging-hub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A device sends a study, a specialist far away reads it, the clinic has the report.\n\n"
    "Begin with `imaging-hub demo`. For real work: `imaging-hub serve`, then `imaging-hub admin --help`. "
    "Every option can also be set as HUB_… in the environment (docs/settings.md).",
)
app.add_typer(admin.app, name="admin")


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        from hub.schema import head_revision

        typer.echo(f"imaging-hub {version('imaging-hub')}, newest schema step {head_revision()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_tell_version,
            is_eager=True,
            help="Print the version and the newest schema step.",
        ),
    ] = False,
) -> None:
    """What may stand before every command."""


@app.command()
def serve(
    data: DataOption = None,
    host: HostOption = None,
    dicom_host: DicomHostOption = None,
    http_host: HttpHostOption = None,
    dicom_port: DicomPortOption = None,
    http_port: HttpPortOption = None,
    ae_title: AETitleOption = None,
    api_processes: ApiProcessesOption = None,
) -> None:
    """Run the hub: gateway, api and worker, each in processes of its own, restarted if one dies."""
    options = dict(locals())
    from hub.serve import run_serve
    from hub.welcome import welcome

    sys.exit(run_serve(_settings(options), when_ready=welcome))


@app.command()
def demo(
    data: DataOption = None,
    host: HostOption = None,
    dicom_host: DicomHostOption = None,
    http_host: HttpHostOption = None,
    dicom_port: DicomPortOption = None,
    http_port: HttpPortOption = None,
    ae_title: AETitleOption = None,
    api_processes: ApiProcessesOption = None,
    once: Annotated[
        bool, typer.Option("--once", help="Play the whole journey unattended, then stop.")
    ] = False,
) -> None:
    """Run the hub with a demonstration clinic that sends an ultrasound cine, a radiograph and an ECG."""
    options = {name: value for name, value in locals().items() if name != "once"}
    from hub.demo import run_demo

    sys.exit(run_demo(_settings(options), once=once))


@app.command()
def gateway(
    data: DataOption = None,
    host: HostOption = None,
    dicom_host: DicomHostOption = None,
    dicom_port: DicomPortOption = None,
    ae_title: AETitleOption = None,
) -> None:
    """Run only what receives from devices (DICOM)."""
    options = dict(locals())
    from hub.gateway_process import run_gateway

    run_gateway(_settings(options))


@app.command()
def api(
    data: DataOption = None,
    host: HostOption = None,
    http_host: HttpHostOption = None,
    http_port: HttpPortOption = None,
) -> None:
    """Run only what answers HTTP: DICOMweb, the API, the pages."""
    options = dict(locals())
    from hub.api_process import run_api

    run_api(_settings(options))


@app.command()
def worker(data: DataOption = None) -> None:
    """Run only what works in the background: reading list, deadlines, printing of reports."""
    from hub.worker import run_worker

    run_worker(_settings({"data": data}))


@app.command()
def migrate(data: DataOption = None) -> None:
    """Bring the catalogue's schema up to date, after a backup. `serve` does this by itself."""
    from core.clock import SystemClock
    from database.engine import Database
    from hub.migrate import migrate as bring_up_to_date

    settings = _settings({"data": data})
    database = Database(settings.database_url)
    done = bring_up_to_date(settings, database, SystemClock(), tell=typer.echo)
    database.close()
    if done.backup:
        typer.echo(f"Backup: {done.backup}")
    moved = f"was migrated from {done.before or 'empty'} to {done.after}"
    typer.echo(f"The catalogue {moved if done.was_needed else 'is up to date'}.")


@app.command()
def doctor(
    data: DataOption = None,
    dicom_host: DicomHostOption = None,
    http_host: HttpHostOption = None,
    dicom_port: DicomPortOption = None,
    http_port: HttpPortOption = None,
    ae_title: AETitleOption = None,
) -> None:
    """Check database, object store, disk, clock and ports, and send a synthetic instance round the house.

    A hub that `serve` or `demo` runs on the directory is found at its own ports, without options. Where none
    runs, a note says so, and what was therefore not checked. The exit status is 0 unless a line says BAD:
    notes alone are no fault.
    """
    options = dict(locals())
    from hub.doctor import examine

    asked = {name for name, value in options.items() if value is not None}
    sys.exit(examine(_settings(options), asked=asked))


@app.command(name="import")
def import_files(
    sources: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Folders, ZIP files or single files.", exists=True)
    ],
    site: Annotated[str, typer.Option("--site", help="The site that the studies belong to.")],
    priors: Annotated[
        bool, typer.Option("--priors", help="These are earlier exams, which nobody is to read now.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Take in DICOM and ECG files from a USB stick or an old PACS export, with or without a DICOMDIR.

    Each study is on the reading list then, like anything that a device sends. With --priors it is not, and
    is never late: it is found by searching and shown as a prior of the patient's other exams, until a request
    asks for it or a device sends more of it.

    The exit status is 0 where all that is DICOM or an ECG is in, or was before; other files do not matter.
    It is 1 where something failed or was kept aside until a person decides (in quarantine, or beside another
    data set of the same UID), and where there was nothing to take in.
    """
    from hub.import_files import run_import

    sys.exit(run_import(_settings({"data": data}), sources, site, are_priors=priors))


@app.command()
def watch(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Into which a device writes.", exists=True, file_okay=False),
    ],
    site: Annotated[str, typer.Option("--site", help="The site that the studies belong to.")],
    device: Annotated[
        str, typer.Option("--device", help="What writes there, as the audit is to name it.")
    ] = "",
    data: DataOption = None,
) -> None:
    """Take in what a device writes into a folder: DICOM and ECG files, each moved to done/ or refused/.

    A file is taken when it no longer grows. What is refused has a note beside it that says why.
    """
    from hub.watch import run_watch

    sys.exit(run_watch(_settings({"data": data}), folder, site, device))


@app.command()
def ecg(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An ECG file of any kind, or a DICOM ECG.", exists=True)
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Leads in microvolts, measurements, statements, as JSON.")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="OUT", help="Draw the sheet at true scale.")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="OUT", help="The same as a PDF to print at 100 %.")
    ] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="OUT", help="The same as pixels, 300 an inch.")
    ] = None,
) -> None:
    """Read an ECG file without a server: SCP-ECG, HL7 aECG, MUSE, Sierra, MFER, EDF, ISHNE, WFDB, DICOM.

    Which kind it is tells its content. Without an option: what it holds, in words. What the device measured
    and said is the device's, and unconfirmed unless the file says who confirmed it.
    """
    from hub.ecg_file import run_ecg

    sys.exit(run_ecg(file, as_json=as_json, svg=svg, pdf=pdf, png=png))


def _settings(options: dict[str, Any]) -> Any:
    from hub.settings import load

    return load(**options)


def main() -> None:
    """Run the command line; what went wrong is one line for a person, never a stack trace."""
    os.umask(0o027)  # what lies in the data directory is not for every account of the machine
    try:
        app()
    except Misconfigured as error:
        from hub.child import CANNOT_START

        sys.stderr.write(f"{error}\n")
        sys.exit(CANNOT_START)
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
