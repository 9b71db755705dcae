"""What is shared by the processes that answer HTTP for one hub: its port, its limits and its figures."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Final

SHARE_VARIABLE: Final = "HUB_API_SHARE"
"""Tells a process of `serve` its part; one that is started alone has all for itself."""


@dataclass(frozen=True, kw_only=True)
class ApiShare:
    """Process `number`, from 1, of `processes`; `figures` is the folder where all of them count, if any."""

    number: int = 1
    processes: int = 1
    figures: str = ""

    def of(self, together: int) -> int:
        """Return how many of what all may have together one has: at least one."""
        return max(1, together // self.processes)

    def environment(self) -> dict[str, str]:
        """Return what tells a process that this is its share."""
        return {SHARE_VARIABLE: json.dumps(asdict(self))}


def share_of_this_process() -> ApiShare:
    """Return the share that the supervisor gave, or all of it."""
    told = os.environ.pop(SHARE_VARIABLE, None)
    return ApiShare() if told is None else ApiShare(**json.loads(told))
