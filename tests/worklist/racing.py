"""A process of its own that races others on one catalogue.

It says that it is ready, begins when there is a file of the name it was given, and prints what came of it as
JSON.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from core.errors import WorkitemStateConflict
from database.change_feed import follow
from database.engine import Database
from tests.fixtures.catalogue import declare_tables, open_catalogue
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import SELF_TEST, reader
from worklist.intake import CURSOR, Intake
from worklist.reading_list import ReadingList

WON = "won"


def claim_all(reading_list: ReadingList, name: str, workitem_uids: list[str]) -> list[str]:
    """Claim each of these turns; return what came of each: won, or the words of the refusal."""
    who, came = reader(name), []
    for workitem_uid in workitem_uids:
        try:
            reading_list.claim(who, workitem_uid)
            came.append(WON)
        except WorkitemStateConflict as conflict:
            came.append(str(conflict))
    return came


def follow_all(database: Database) -> int:
    """Follow the feed to its end as one of several workers; return how many changes were looked at."""
    intake = Intake(is_self_test_site=lambda site_id: site_id == SELF_TEST)
    looked = 0
    while handled := follow(database, CURSOR, intake.handle, limit=5):
        looked += handled
    return looked


def main(start: str, act: str, url: str, *words: str) -> None:
    """Do one act as soon as there is a file named `start`: follow the feed, or claim turns under a name."""
    declare_tables()
    database = open_catalogue(url)
    clock = FixedClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    print("ready", flush=True)  # noqa: T201 - this is how a process answers
    while not Path(start).exists():
        time.sleep(0.001)
    came: object = (
        follow_all(database)
        if act == "follow"
        else claim_all(ReadingList(database=database, clock=clock), words[0], list(words[1:]))
    )
    print(json.dumps(came), flush=True)  # noqa: T201 - this is how a process answers
