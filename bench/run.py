"""What every measurement shares: where it keeps its things, under which conditions it ran, how it is told."""

import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from bench.figures import Comparison, headings, markdown, put_between_marks

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Write the result here: as JSON (.json), else as Markdown, into its marks if it has them.",
    ),
]
_PAGE_WIDTH: Final = 140


@contextmanager
def kept_folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder that is to be kept, or one for this run alone."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        yield Path(made)


def when_and_where() -> dict[str, str]:
    """Return what every number depends on."""
    return {
        "When": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Machine": f"{os.cpu_count()} cores, {_cpu()}, {platform.system()} {platform.release()}",
        "Load before": "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg()),
    }


def commit() -> str:
    """Return which state of the hub this is."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - as installed
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or version("imaging-hub")


def show(comparisons: Sequence[Comparison]) -> None:
    """Print the table."""
    table = Table(*headings(comparisons), show_lines=True)
    for each in comparisons:
        table.add_row(*each.row())
    console = Console()
    console.print(table, width=console.width if console.is_terminal else _PAGE_WIDTH)


def write(output: Path, comparisons: Sequence[Comparison], conditions: dict[str, str]) -> None:
    """Write the result: as JSON (.json), else as Markdown, into its marks if the page has them."""
    if output.suffix == ".json":
        content = {"conditions": conditions, "comparisons": [each.as_json() for each in comparisons]}
        output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return
    page = markdown(comparisons, conditions)
    earlier = output.read_text(encoding="utf-8") if output.exists() else ""
    output.write_text(put_between_marks(earlier, page), encoding="utf-8")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()
