"""Priors: what else there is of the person whom a case shows, as far as the reader may see it.

Cases of the same patient, or of one that people linked with it, are priors. Where only name, birth date and
sex agree they are candidates, and marked as such: the hub never says that two patients are one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum

from core.access import Act, Actor
from database.engine import Database
from storage.patient_records import studies_of_same_person
from storage.person_name import are_one_name
from worklist.case import Case
from worklist.case_records import case_within, cases_of_same_birth, cases_of_studies, cases_related_to
from worklist.case_scope import in_reach, in_scope
from worklist.reach import reach

CANDIDATES_COMPARED = 200
"""People born on one day, of one sex, whose names are compared: the newest cases of them."""
PRIORS_SHOWN = 100


class Relation(StrEnum):
    """Why an earlier case is shown."""

    PATIENT = "patient"
    """The same patient, or one that people linked with it."""
    RELATED = "related"
    """A person has said that the two belong together."""
    CANDIDATE = "candidate"
    """Name, birth date and sex agree; nobody has said that it is the same person."""


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Another case, and why it is shown."""

    case: Case
    relation: Relation

    @property
    def at(self) -> datetime:
        """What they are ordered by: the hub's receipt, never a device's clock.

        But the day on which an earlier exam was imported says nothing: it has its own date.
        """
        taken_on = self.case.study_date
        if not self.case.workitem.is_prior or taken_on is None:
            return self.case.first_received_at
        return datetime.combine(taken_on, time(), UTC)


class Priors:
    """Finds what else there is of a person. What is out of the actor's scope does not exist."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def of_case(self, actor: Actor, case_id: str) -> list[Prior]:
        """Return the other cases of the person of a case, newest first, certain before uncertain.

        Raises:
            NotFound.
        """
        within = in_scope(actor.scope(Act.SEARCH))
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            case = case_within(connection, case_id, in_reach(actor, Act.SEARCH))
            same = studies_of_same_person(connection, case.site_id, case.study_instance_uid)
            found = {
                Relation.RELATED: cases_related_to(connection, case_id, within),
                Relation.PATIENT: cases_of_studies(connection, same[:PRIORS_SHOWN], within),
                Relation.CANDIDATE: [
                    other
                    for other in cases_of_same_birth(connection, case, within, limit=CANDIDATES_COMPARED)
                    if are_one_name(case.patient_name, other.patient_name)
                ],
            }
        return _in_order(case, found)


def _in_order(case: Case, found: dict[Relation, list[Case]]) -> list[Prior]:
    """Each case once, for the best reason there is; the case itself is none of its priors."""
    seen = {case.case_id}
    priors: list[Prior] = []
    for relation, cases in found.items():
        for other in sorted(cases, key=lambda each: (each.first_received_at, each.case_id), reverse=True):
            if other.case_id not in seen:
                seen.add(other.case_id)
                priors.append(Prior(case=other, relation=relation))
    certain = [prior for prior in priors if prior.relation is not Relation.CANDIDATE]
    candidates = [prior for prior in priors if prior.relation is Relation.CANDIDATE]
    newest_first = sorted(certain, key=lambda prior: prior.at, reverse=True)
    return (newest_first + candidates)[:PRIORS_SHOWN]
