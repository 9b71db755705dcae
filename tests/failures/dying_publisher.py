"""A publisher in a process of its own that is killed at a named point, or works until it is killed.

Its clock says MOMENT. POINT names the call at which it gets SIGKILL; with "none" it says that it is
ready and publishes until nothing is due.
"""

import importlib
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from database.engine import sqlite_url
from tests.fixtures.catalogue import declare_tables, open_catalogue
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import new_consultation

POINTS: dict[str, tuple[str, str, int]] = {
    # name: class or module, what is called, the number of the call at which it dies
    "between the SR's bytes and its row": ("storage.catalogue:Catalogue", "admit", 1),
    "after the SR, before the PDF": ("reporting.publication:", "report_pdf", 1),
    "after both, before the mark": ("reporting.report_records:", "mark_published", 1),
    "before the commit of the mark": ("reporting.publication:", "complete", 1),
}


def die(*_: object, **__: object) -> NoReturn:
    """End as by a power cut: nothing is cleaned up, nothing is said."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die_at(point: str) -> None:
    """Let the call that a point names be the last."""
    place, attribute, number = POINTS[point]
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(module)
    owner = getattr(owner, name) if name else owner
    target, calls = getattr(owner, attribute), iter(range(1, 1000))
    setattr(
        owner,
        attribute,
        lambda *arguments, **words: (die if next(calls) == number else target)(*arguments, **words),
    )


def main(folder: str, moment: str, point: str) -> None:
    """Publish what is due."""
    declare_tables()
    clock = FixedClock(datetime.fromisoformat(moment))
    database = open_catalogue(sqlite_url(Path(folder) / "catalogue.sqlite"))
    publisher = new_consultation(database, Path(folder), clock).publisher
    if point in POINTS:
        die_at(point)
    print("ready", flush=True)  # noqa: T201 - this is how a process answers
    for _ in range(50):
        publisher.run()
    print("done", flush=True)  # noqa: T201 - this is how a process answers
