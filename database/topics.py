"""What an answer depends on, by name: each topic has a mark that is never the same again once it was raised.

The marks are raised by the catalogue itself (`database.topic_triggers`), in the transaction of the change, so
that no writer can forget it. Whoever recalls an answer names the topics that it was made of.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Column, String, Table

from database.schema import metadata

revisions = Table(
    "revisions",
    metadata,
    Column("topic", String(80), primary_key=True),
    Column("mark", BigInteger, nullable=False),
)

EVERYTHING: Final = ""
"""Raised when the schema or its rules were set up: then nothing is known of what was before."""
ACCESS: Final = "access"
"""Who may log in and use a token, and what they may see."""
SESSIONS: Final = "sessions"
TEXT: Final = "text"
"""How the text of sources is read."""


def study_topic(study_instance_uid: str) -> str:
    """Return the topic of what is held under a Study Instance UID, at whichever site."""
    return f"{Of.STUDY}{study_instance_uid}"


def site_topics(site_ids: Iterable[str]) -> list[str]:
    """Return the topics of which studies these sites have, and what a search says of them."""
    return [f"{Of.SITE}{site_id}" for site_id in sorted(site_ids)]


class Of(StrEnum):
    """Topics that a row raises by what it is of; the words stand before the key."""

    STUDY = "study "
    SITE = "site "


COLUMNS: Final = {Of.STUDY: "study_instance_uid", Of.SITE: "site_id"}
"""What of a row its topic is made of."""
_SEARCHED: Final = (Of.STUDY, Of.SITE)
RAISED_BY: Final[dict[str, str | tuple[Of, ...]]] = {
    "accounts": ACCESS,
    "grants": ACCESS,
    "tokens": ACCESS,
    "routes": ACCESS,
    "reading_groups": ACCESS,
    "sites": ACCESS,
    "sessions": SESSIONS,
    "character_set_decisions": TEXT,
    "studies": _SEARCHED,
    "study_names": _SEARCHED,
    "series": _SEARCHED,
    "series_requests": _SEARCHED,
    "instances": _SEARCHED,
    "representations": (Of.STUDY,),
    "preparations": (Of.STUDY,),
}
"""Which topic a change to a table raises: one of its own, or those of the row's study and site."""

_ASKED_ANEW: Final = "nothing that it says is recalled: it is asked anew each time"
WITHOUT_TOPIC: Final[dict[str, str]] = {
    "revisions": "it is the marks themselves",
    "audit_events": "only ever added to: what was found on record stays there",
    "frame_pages": "written in the transaction of `preparations`, and never without it",
    "kept_metadata": "says what the instance and the decisions on its text say, only sooner",
} | dict.fromkeys(
    (
        "case_acts",
        "case_studies",
        "cases",
        "changes",
        "cursors",
        "device_certificates",
        "devices",
        "drafts",
        "jobs",
        "kept_aside",
        "kept_drafts",
        "list_views",
        "login_failures",
        "original_files",
        "patient_acts",
        "patients",
        "publications",
        "related_cases",
        "renditions",
        "report_confirmations",
        "report_marks",
        "report_receipts",
        "reports",
        "requests",
        "retakes",
        "study_marks",
        "tallies",
        "transfers",
        "unknown_devices",
        "upload_files",
        "upload_parts",
        "uploads",
        "workitems",
    ),
    _ASKED_ANEW,
)
"""The tables that raise no topic, and why."""
