"""What a reader had before their eyes: a short text that is given with the case and comes back to be signed.

A report says which instances it was read from. Those are the ones the reader's page was given, and no later
ones: where more have come, the reader looks again before signing. Pure.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from core.errors import InvalidRequest, StaleVersion, VersionRequired
from reporting.document import ReportedInstance

_SEEN: Final = re.compile(r"(0|[1-9][0-9]{0,8})-[0-9a-f]{32}", re.ASCII)


def instances_seen(instances: Iterable[ReportedInstance]) -> str:
    """Return the text for these instances: how many they are, and a digest of which."""
    uids = sorted(
        f"{instance.study_instance_uid}/{instance.series_instance_uid}/{instance.sop_instance_uid}"
        for instance in instances
    )
    digest = hashlib.sha256("\n".join(uids).encode()).hexdigest()
    return f"{len(uids)}-{digest[:32]}"


def require_seen(seen: str | None, present: tuple[ReportedInstance, ...]) -> None:
    """Return if the reader saw what is there now, and nothing else.

    Raises:
        VersionRequired: it is not said what the reader saw.
        InvalidRequest: it is no such text.
        StaleVersion: other instances are there now.
    """
    if seen is None:
        raise VersionRequired("Say what you saw: send the instances_seen that the case was given with.")
    match = _SEEN.fullmatch(seen)
    if match is None:
        raise InvalidRequest("instances_seen is the text that the case was given with.")
    if seen == instances_seen(present):
        return
    more = len(present) - int(match[1])
    if more > 0:
        raise StaleVersion(f"+{more} images arrived since you looked: look at them, and sign again.")
    raise StaleVersion("The images of the case are not those that you looked at: look again before signing.")
