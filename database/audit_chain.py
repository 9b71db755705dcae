"""The audit's chains: each record has its number in its site's chain, and a hash over itself and the last.

Whoever edits, deletes, puts in or moves a record breaks its chain there. A chain whose end is cut off, or
that is made anew as a whole, is whole in itself: only a head written down elsewhere (an anchor) tells.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from core.access import EVERY_SITE
from database.audit import AuditRecord, audit_events
from database.engine import Database

BATCH: Final = 500
AT_ONCE: Final = 1_000
"""Rows of a stream in memory."""
LATE_AFTER: Final = timedelta(seconds=10)
"""A record that has no place in its chain by then is an alarm: no worker runs, or none gets on."""
PROGRESS_EVERY: Final = 100_000
_RECORDED: Final = tuple(AuditRecord.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest record of a chain."""

    site_id: str
    chain_number: int
    chain_hash: str


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A head as it was written down elsewhere, and when."""

    chain_hash: str
    at: str


Anchors = Mapping[str, Mapping[int, Anchor]]
"""For each site the anchored heads by their number."""


@dataclass(kw_only=True)
class Verdict:
    """What a look at the chains found: the first bad place of each chain, in words."""

    rows: int = 0
    chains: int = 0
    anchored: int = 0
    unchained: int = 0
    findings: list[str] = field(default_factory=list)


def link(database: Database, *, limit: int = BATCH) -> int:
    """Give the next records their places; return how many. Several workers may do it at once."""
    with database.read(within=EVERY_SITE) as connection:
        if connection.execute(_unchained().limit(1)).first() is None:
            return 0
    with database.write(within=EVERY_SITE) as connection:
        # Locked rows are waited for: of two workers the second finds the first one's heads.
        rows = connection.execute(_unchained().limit(limit).with_for_update()).mappings().all()
        heads: dict[str, tuple[int, str]] = {}
        linked = []
        for row in rows:
            site_id = row["site_id"]
            number, previous = heads.get(site_id) or _head(connection, site_id)
            heads[site_id] = number + 1, chain_hash(row, number + 1, previous)
            linked.append({"of": row["audit_number"], "number": number + 1, "hash": heads[site_id][1]})
        if linked:
            connection.execute(
                update(audit_events)
                .where(audit_events.c.audit_number == bindparam("of"), audit_events.c.chain_hash.is_(None))
                .values(chain_number=bindparam("number"), chain_hash=bindparam("hash")),
                linked,
            )
    return len(linked)


def chain_hash(row: Mapping[str, Any] | RowMapping, chain_number: int, previous: str) -> str:
    """Return the hash of a record in its place: SHA-256 of its canonical JSON with the hash before it."""
    members = {key: row[key] for key in _RECORDED} | {
        "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "audit_number": row["audit_number"],
        "chain_number": chain_number,
        "previous": previous,
    }
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def heads(connection: Connection) -> list[Head]:
    """Return the newest record of every chain."""
    newest = (
        select(audit_events.c.site_id, func.max(audit_events.c.chain_number).label("newest"))
        .where(audit_events.c.chain_number.is_not(None))
        .group_by(audit_events.c.site_id)
        .subquery()
    )
    rows = connection.execute(
        select(audit_events.c.site_id, audit_events.c.chain_number, audit_events.c.chain_hash)
        .join(
            newest,
            (newest.c.site_id == audit_events.c.site_id) & (newest.c.newest == audit_events.c.chain_number),
        )
        .order_by(audit_events.c.site_id)
    ).mappings()
    return [Head(**row) for row in rows]


def unchained_since(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many records wait for their place, and since when the oldest does."""
    row = connection.execute(
        select(func.count().label("waiting"), func.min(audit_events.c.at).label("oldest")).where(
            audit_events.c.chain_number.is_(None)
        )
    ).one()
    return int(row.waiting), row.oldest


def verify(
    database: Database,
    *,
    now: datetime,
    site_id: str | None = None,
    anchors: Anchors | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Verdict:
    """Go through every chain, or one site's, and say what does not fit. Memory stays flat."""
    anchors = {site: heads for site, heads in (anchors or {}).items() if site_id in {None, site}}
    verdict = Verdict()
    seen: set[str] = set()
    with database.read(within=EVERY_SITE) as connection:
        for chain, rows in _chains(connection, site_id):
            seen.add(chain)
            verdict.chains += 1
            _verify_chain(chain, rows, anchors.get(chain, {}), verdict, progress)
        for chain in sorted(anchors.keys() - seen):
            _verify_chain(chain, iter(()), anchors[chain], verdict, progress)
        verdict.unchained, oldest = unchained_since(connection)
    if oldest is not None and oldest < now - LATE_AFTER:
        verdict.findings.append(
            f"{verdict.unchained} rows have no place in their chain yet, the oldest since"
            f" {_told(oldest)}: no worker is linking them."
        )
    return verdict


def _verify_chain(
    chain: str,
    rows: Iterable[RowMapping],
    anchored: Mapping[int, Anchor],
    verdict: Verdict,
    progress: Callable[[int], None],
) -> None:
    """Add what is wrong with one chain, the first place only: after it nothing can fit."""
    previous, last, problem = "", 0, ""
    for row in rows:
        verdict.rows += 1
        if verdict.rows % PROGRESS_EVERY == 0:
            progress(verdict.rows)
        if problem:
            continue
        problem = _problem(row, last, previous, anchored.get(row["chain_number"]))
        last, previous = row["chain_number"], row["chain_hash"]
    beyond = [number for number in anchored if number > last]
    if not problem and beyond:
        number = max(beyond)
        problem = (
            f"ends with row {last}, but row {number} was anchored at {anchored[number].at}: its end was cut"
            " off, or the database was put back to an earlier state"
        )
    if problem:
        verdict.findings.append(f"The chain of {_named(chain)} {problem}.")
    else:
        verdict.anchored += len(anchored)


def _problem(row: RowMapping, last: int, previous: str, anchor: Anchor | None) -> str:
    number = row["chain_number"]
    if number != last + 1:
        missing = f"row {last + 1} is" if number == last + 2 else f"rows {last + 1} to {number - 1} are"
        return f"has a gap: {missing} missing before {_place(row)}"
    if row["chain_hash"] != chain_hash(row, number, previous):
        return f"is broken at {_place(row)}: it was changed, put in or moved, or the row before it was"
    if anchor is not None and anchor.chain_hash != row["chain_hash"]:
        return f"was written anew: {_place(row)} is not the row that was anchored at {anchor.at}"
    return ""


def _chains(connection: Connection, site_id: str | None) -> Iterator[tuple[str, Iterator[RowMapping]]]:
    """Yield each chain with its rows in order; a chain has to be read before the next."""
    wanted = select(audit_events).where(audit_events.c.chain_number.is_not(None))
    if site_id is not None:
        wanted = wanted.where(audit_events.c.site_id == site_id)
    ordered = wanted.order_by(audit_events.c.site_id, audit_events.c.chain_number)
    stream = iter(connection.execute(ordered, execution_options={"yield_per": AT_ONCE}).mappings())
    waiting = next(stream, None)

    def rows_of(chain: str) -> Iterator[RowMapping]:
        nonlocal waiting
        while waiting is not None and waiting["site_id"] == chain:
            yield waiting
            waiting = next(stream, None)

    while waiting is not None:
        chain = str(waiting["site_id"])
        yield chain, rows_of(chain)


def _unchained() -> Any:
    return (
        select(audit_events)
        .where(audit_events.c.chain_number.is_(None))
        .order_by(audit_events.c.audit_number)
    )


def _head(connection: Connection, site_id: str) -> tuple[int, str]:
    row = connection.execute(
        select(audit_events.c.chain_number, audit_events.c.chain_hash)
        .where(audit_events.c.site_id == site_id, audit_events.c.chain_number.is_not(None))
        .order_by(audit_events.c.chain_number.desc())
        .limit(1)
    ).first()
    return (0, "") if row is None else (int(row.chain_number), str(row.chain_hash))


def _place(row: RowMapping) -> str:
    return f"row {row['chain_number']} (audit number {row['audit_number']}, {_told(row['at'])})"


def _named(chain: str) -> str:
    return chain or "what belongs to no site"


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
