"""The SQL of what is remembered about how each source writes its text."""

from sqlalchemy import ColumnElement, Connection, exists, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from core.access import Scope
from storage.character_set_decision import CharacterSetDecision, TextSource
from storage.instance import Instance
from storage.search import instance_of
from storage.tables import character_set_decisions as decisions
from storage.tables import instances


def find_decision(connection: Connection, source: TextSource, declared: str) -> CharacterSetDecision | None:
    """Return what was decided about a label of a source."""
    found = (
        connection.execute(select(decisions).filter_by(**vars(source), declared=declared)).mappings().first()
    )
    return None if found is None else CharacterSetDecision(**found)


def list_decisions(
    connection: Connection, scope: Scope, *, source: str | None, limit: int, offset: int
) -> list[CharacterSetDecision]:
    """Return the decisions within a scope, all or those of one source, by site, source and label."""
    within: list[ColumnElement[bool]] = [
        true() if scope.everything else decisions.c.site_id.in_(scope.site_ids)
    ]
    if source is not None:
        within.append(decisions.c.source == source)
    rows = connection.execute(
        select(decisions)
        .where(*within)
        .order_by(decisions.c.site_id, decisions.c.origin_kind, decisions.c.source, decisions.c.declared)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return [CharacterSetDecision(**row) for row in rows]


def add_decision(connection: Connection, decision: CharacterSetDecision) -> bool:
    """Write the first decision about a label of a source; False where another was first."""
    try:
        with connection.begin_nested():
            connection.execute(insert(decisions), vars(decision))
    except IntegrityError:
        return False
    return True


def replace_decision(connection: Connection, decision: CharacterSetDecision) -> bool:
    """Write a decision over an earlier one; False where there is none yet."""
    written = connection.execute(
        update(decisions)
        .filter_by(
            site_id=decision.site_id,
            origin_kind=decision.origin_kind,
            source=decision.source,
            declared=decision.declared,
        )
        .values(**{key: value for key, value in vars(decision).items() if key != "decision_id"})
    )
    return bool(written.rowcount)


def has_sent(connection: Connection, source: TextSource) -> bool:
    """Whether anything of a source is held."""
    return bool(connection.scalar(select(exists().where(*_is_of(source)))))


def text_to_reread(
    connection: Connection, source: TextSource | None, declared: str, *, after: int, limit: int
) -> list[Instance]:
    """Return the next instances that a study's or series' text was read from, the first one of each series.

    Of one source and label; without a source, of all, whatever they are in.
    """
    earlier = instances.alias("earlier")
    leads = ~exists().where(
        earlier.c.site_id == instances.c.site_id,
        earlier.c.study_instance_uid == instances.c.study_instance_uid,
        earlier.c.series_instance_uid == instances.c.series_instance_uid,
        earlier.c.instance_key < instances.c.instance_key,
    )
    conditions = [instances.c.instance_key > after, leads]
    if source is not None:
        conditions += [*_is_of(source), instances.c.specific_character_set == declared]
    rows = connection.execute(
        select(instances).where(*conditions).order_by(instances.c.instance_key).limit(limit)
    ).mappings()
    return [instance_of(row) for row in rows]


def _is_of(source: TextSource) -> list[ColumnElement[bool]]:
    return [
        instances.c.site_id == source.site_id,
        instances.c.origin_kind == source.origin_kind,
        instances.c.source == source.source,
    ]
