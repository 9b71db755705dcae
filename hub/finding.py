"""What the doctor says of one thing it looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How something is: well, well enough with something a person should know, or not well."""

    WELL = "ok"
    NOTE = "note"
    BAD = "BAD"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at."""

    what: str
    standing: Standing
    detail: str

    @property
    def is_good(self) -> bool:
        """Whether the hub may be relied on as far as this goes."""
        return self.standing is not Standing.BAD

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.standing:<4} {self.what}: {self.detail}"
