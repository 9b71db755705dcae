"""A process that is stopped in the middle of an act, and finds later that the world has moved on.

It prints its process id and stops itself; once it is let go, its clock has moved on like everybody's, and it
prints what came of the act.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from core.access import Actor
from core.errors import HubError
from database.engine import Database
from reporting.desk import Words
from storage.archive import Archive
from tests.fixtures.catalogue import declare_tables, open_catalogue
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import Consultation, new_consultation, reader

Act = Callable[[Consultation, Actor, str, str], object]


def write(consultation: Consultation, who: Actor, case_id: str, workitem_uid: str) -> object:
    """Save words over the first version of the draft."""
    words = Words(findings="too late", impression="too late")
    return consultation.desk.save_draft(who, case_id, workitem_uid, words, version=1)


def sign(consultation: Consultation, who: Actor, case_id: str, workitem_uid: str) -> object:
    """Sign the first version of the draft."""
    seen = consultation.desk.instances_seen(who, case_id)
    return consultation.desk.sign(who, case_id, workitem_uid, version=1, seen=seen)


ACTS: dict[str, tuple[Act, type, str]] = {
    # name: what is done, and the first call of what it does not come to in time
    "write": (write, Database, "write"),
    "sign": (sign, Database, "write"),
    "heartbeat": (lambda all_, who, _, uid: all_.reading_list.heartbeat(who, uid), Database, "write"),
    "release": (lambda all_, who, _, uid: all_.reading_list.release(who, uid), Database, "write"),
    "watch the clock": (lambda all_, *_: all_.timers.run(), Database, "write"),
    "publish": (lambda all_, *_: all_.publisher.run(), Archive, "store"),
}


def sleep_before(owner: Any, attribute: str, clock: FixedClock, seconds: float) -> None:
    """Stop this process at the first call of a method; by its clock it wakes so much later."""
    target = getattr(owner, attribute)

    def called(*arguments: Any, **words: Any) -> Any:
        setattr(owner, attribute, target)
        print(os.getpid(), flush=True)  # noqa: T201 - this is how a process answers
        os.kill(os.getpid(), signal.SIGSTOP)
        clock.advance(seconds=seconds)
        return target(*arguments, **words)

    setattr(owner, attribute, called)


def main(
    url: str, folder: str, moment: str, seconds: str, name: str, case_id: str, workitem_uid: str
) -> None:
    """Begin an act as the reader "asleep"."""
    declare_tables()
    clock = FixedClock(datetime.fromisoformat(moment))
    consultation = new_consultation(open_catalogue(url), Path(folder), clock)
    act, owner, attribute = ACTS[name]
    sleep_before(owner, attribute, clock, float(seconds))
    try:
        came: object = act(consultation, reader("asleep"), case_id, workitem_uid)
    except HubError as error:
        came = type(error).__name__
    print(came, flush=True)  # noqa: T201 - this is how a process answers
