"""The SQL of patients' names: the keys by which a study's is found, each a beginning of an index away."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, false, insert, select, tuple_

from storage.name_keys import LONGEST_KEY, KeyKind, folded, name_keys, words
from storage.query import Match, SingleValue, Wildcard, like_pattern
from storage.tables import study_names

_LITERAL: Final = (KeyKind.NAME.value, KeyKind.GROUP.value)
_LAST: Final = "\U0010ffff"
"""Stands behind every character that a name has: what begins with a text lies before the text and this."""


def write_names(connection: Connection, *, site_id: str, study_instance_uid: str, patient_name: str) -> None:
    """Write the keys of a study's patient name, in place of those of an earlier reading of it."""
    study = {"site_id": site_id, "study_instance_uid": study_instance_uid}
    connection.execute(delete(study_names).filter_by(**study))
    connection.execute(
        insert(study_names),
        [study | {"kind": kind.value, "name_key": key} for kind, key in sorted(name_keys(patient_name))],
    )


def is_named(site_id: ColumnElement[Any], study: ColumnElement[Any], match: Match) -> ColumnElement[bool]:
    """Whether a study's patient has the name, whole or as a component group, in any case (C.2.2.2.1, .4)."""
    if isinstance(match, SingleValue):
        condition: ColumnElement[bool] = study_names.c.name_key == folded(match.value)
    elif isinstance(match, Wildcard):
        condition = _is_like(match.pattern.lower())
    else:
        return false()
    return _study(site_id, study, and_(study_names.c.kind.in_(_LITERAL), condition))


def is_found_by(site_id: ColumnElement[Any], study: ColumnElement[Any], typed: str) -> ColumnElement[bool]:
    """Whether every word typed is the beginning of some part of the patient's name, as written or as read."""
    found = [
        _study(site_id, study, and_(study_names.c.kind == KeyKind.TYPED.value, _begins(word)))
        for word in words(typed)
    ]
    return and_(*found) if found else false()


def _study(
    site_id: ColumnElement[Any], study: ColumnElement[Any], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    named = select(study_names.c.site_id, study_names.c.study_instance_uid).where(condition)
    return tuple_(site_id, study).in_(named)


def _is_like(pattern: str) -> ColumnElement[bool]:
    """Meet a pattern with wildcards; beyond what a key holds everything is met."""
    if len(pattern) > LONGEST_KEY:
        pattern = f"{pattern[:LONGEST_KEY]}*"
    beginning = pattern.partition("*")[0].partition("?")[0]
    within = _begins(beginning)
    if pattern == f"{beginning}*":
        return within
    return and_(within, study_names.c.name_key.like(like_pattern(pattern), escape="!"))


def _begins(text: str) -> ColumnElement[bool]:
    """A range, which the index answers on either engine whatever it makes of LIKE."""
    key = study_names.c.name_key
    return and_(key >= text, key < text + _LAST)
