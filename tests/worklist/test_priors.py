"""What else there is of a person is shown beside a case: what is certain, and what only may be, marked so."""

from sqlalchemy import Connection, event

from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, reader
from worklist.case import Case
from worklist.priors import Priors, Relation
from worklist.reading_list import ListFilter

LI = reader("李建国")


def shown(consultation: Consultation, case: Case, who: object = LI) -> list[tuple[str, Relation]]:
    priors = Priors(database=consultation.database)
    found = priors.of_case(who, case.case_id)  # type: ignore[arg-type]  # an actor, by its default
    return [(prior.case.case_id, prior.relation) for prior in found]


def test_earlier_cases_of_the_patient_come_newest_first_and_candidates_last(
    consultation: Consultation,
) -> None:
    old = consultation.arrive()
    consultation.clock.advance(days=30)
    newer = consultation.arrive(Modality="DX")
    elsewhere = consultation.arrive(site_id=QINGSHAN, PatientID="77")
    consultation.arrive(PatientID="0002", PatientName="Li^Si")
    consultation.arrive(PatientID="0003", PatientBirthDate="19800101")
    consultation.clock.advance(days=1)
    case = consultation.arrive()
    assert shown(consultation, case) == [
        (newer.case_id, Relation.PATIENT),
        (old.case_id, Relation.PATIENT),
        (elsewhere.case_id, Relation.CANDIDATE),
    ]


def test_a_reader_is_shown_no_prior_that_is_not_routed_to_them(consultation: Consultation) -> None:
    consultation.arrive(Modality="DX")
    mine = consultation.arrive()
    case = consultation.arrive()
    only_us = reader("甲", (XINGLONG, "US"))
    assert shown(consultation, case, only_us) == [(mine.case_id, Relation.PATIENT)]


def test_a_page_of_the_list_takes_as_many_statements_for_many_cases_as_for_one(
    consultation: Consultation,
) -> None:
    said: list[str] = []

    def executes(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT") and "set_config" not in statement:
            said.append(statement)

    consultation.arrive()
    counts = []
    event.listen(consultation.database.engine, "before_cursor_execute", executes)
    for _ in range(2):
        said.clear()
        counts.append((len(consultation.reading_list.cases(LI, ListFilter(only_open=True))), len(said)))
        for _ in range(9):
            consultation.arrive()
    event.remove(consultation.database.engine, "before_cursor_execute", executes)
    (_, for_one), (cases, for_many) = counts
    assert cases == 10
    assert for_one == for_many <= 4


def test_a_modality_in_small_letters_is_routed_and_a_missing_one_reaches_who_reads_all(
    consultation: Consultation,
) -> None:
    small, missing = consultation.arrive(Modality="us"), consultation.arrive(Modality="")
    assert (small.modality, missing.modality) == ("US", "OT")
    only_us = reader("甲", (XINGLONG, "US"))
    assert [case.case_id for case in consultation.reading_list.cases(only_us, ListFilter())] == [
        small.case_id
    ]
    assert {case.case_id for case in consultation.reading_list.cases(LI, ListFilter())} == {
        small.case_id,
        missing.case_id,
    }


def test_what_is_overdue_can_be_asked_for(consultation: Consultation) -> None:
    late = consultation.arrive()
    consultation.clock.advance(minutes=31)
    consultation.arrive()
    overdue = consultation.reading_list.cases(LI, ListFilter(only_overdue=True))
    assert [case.case_id for case in overdue] == [late.case_id]
