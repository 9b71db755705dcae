"""How the hub fares, as JSON: numbers and the hub's own words, nothing about anybody."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_EXAMPLE: Final[JsonDict] = {
    "version": "0.1.0",
    "database": "sqlite",
    "object_store": "files",
    "object_store_answers": True,
    "free_bytes": {"blobs": 812_000_000_000, "incoming": 812_000_000_000, "catalogue": 812_000_000_000},
    "takes_more": True,
    "feed_lag": {"worklist": 0},
    "jobs_waiting": {"compress": 3},
    "jobs_late": {},
    "jobs_given_up": {},
    "audit_unchained": 0,
    "audit_unchained_seconds": 0.0,
    "cases_waiting": {"emergency": 1, "urgent": 0, "routine": 4},
    "cases_claimed": {"emergency": 0, "urgent": 1, "routine": 0},
    "cases_overdue": {"emergency": 0, "urgent": 0, "routine": 0},
    "oldest_waiting_seconds": 780.0,
    "kept_aside_undecided": 2,
    "kept_aside_bytes": 1_048_576,
    "patient_conflicts": 0,
    "flagged_studies": 1,
}


class FiguresResource(BaseModel):
    """One look at the whole hub."""

    model_config = ConfigDict(title="Figures", json_schema_extra={"example": _EXAMPLE})

    version: str
    database: str = Field(description="The engine of the catalogue.")
    object_store: str = Field(description="`files`, or `s3` for an object store.")
    object_store_answers: bool = Field(description="Whether what is kept could be listed just now.")
    free_bytes: dict[str, int] = Field(description="Room on each disk of this machine that could be asked.")
    takes_more: bool = Field(description="Whether there is room for what arrives.")
    feed_lag: dict[str, int] = Field(description="Changes that each follower has not seen.")
    jobs_waiting: dict[str, int]
    jobs_late: dict[str, int] = Field(description="Past their time.")
    jobs_given_up: dict[str, int]
    audit_unchained: int = Field(description="Audit rows without a place in their chain yet.")
    audit_unchained_seconds: float = Field(description="Age of the oldest of them.")
    cases_waiting: dict[str, int] = Field(description="By urgency; claimed by nobody.")
    cases_claimed: dict[str, int]
    cases_overdue: dict[str, int]
    oldest_waiting_seconds: float = Field(description="Since the first image of the case that waits longest.")
    kept_aside_undecided: int
    kept_aside_bytes: int
    patient_conflicts: int
    flagged_studies: int
