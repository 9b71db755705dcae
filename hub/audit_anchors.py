"""Where the heads of the audit's chains are written down, outside the catalogue that they vouch for.

One line of JSON for each head, in one file a month, only ever appended and flushed to the disk. A line that
was cut by a crash is left out when the files are read.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from core.errors import InvalidRequest
from database.audit_chain import Anchor, Head

PATTERN = "audit-anchors-*.jsonl"


class AnchorFolder:
    """Writes each head once; one for each process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, int] = {}

    def write(self, heads: list[Head], at: datetime) -> int:
        """Append the heads that have moved since the last time; return how many. Raises OSError."""
        moved = [head for head in heads if self._written.get(head.site_id) != head.chain_number]
        if not moved:
            return 0
        moment = at.astimezone(UTC)
        lines = [
            json.dumps(
                {
                    "at": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
                    "site": head.site_id,
                    "number": head.chain_number,
                    "hash": head.chain_hash,
                }
            )
            for head in moved
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"audit-anchors-{moment:%Y-%m}.jsonl"
        # One write of whole lines, begun with a line's end: no other worker and no cut line mixes with it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(descriptor, ("\n" + "\n".join(lines) + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._written |= {head.site_id: head.chain_number for head in moved}
        return len(moved)


def read_anchors(path: Path) -> dict[str, dict[int, Anchor]]:
    """Return what was written down in a file, or in all files of a folder; the first word on a row counts.

    Raises:
        InvalidRequest: there is no such file.
    """
    if not path.exists():
        raise InvalidRequest(f"There is no file or directory {path}.")
    files = sorted(path.glob(PATTERN)) if path.is_dir() else [path]
    anchors: dict[str, dict[int, Anchor]] = {}
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                _take(line, anchors)
    return anchors


def _take(line: str, anchors: dict[str, dict[int, Anchor]]) -> None:
    try:
        said = json.loads(line)
        anchor = Anchor(chain_hash=str(said["hash"]), at=str(said["at"]))
        anchors.setdefault(str(said["site"]), {}).setdefault(int(said["number"]), anchor)
    except (ValueError, KeyError, TypeError):
        return
