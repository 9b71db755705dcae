"""What every `imaging-hub admin` command begins with: which directory, and the register in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.operator import operator

if TYPE_CHECKING:
    from hub.register import Register

Data = Annotated[
    Path | None, typer.Option("--data", help="Directory that holds everything.", show_default="./hub-data")
]


@contextmanager
def opened_register(data: Path | None) -> Iterator["Register"]:
    """Open the register for one command, on a catalogue that is up to date."""
    from hub.register import open_register
    from hub.schema import require_current, require_made
    from hub.settings import load

    settings = load(data=data)
    require_made(settings)
    register = open_register(settings, acting=operator())
    require_current(register.settings, register.database)
    yield register
    register.database.close()


def heading(*columns: str) -> None:
    """Name the columns of the lines that follow: for people, so not among the lines that programs read."""
    typer.echo("\t".join(columns), err=True)
