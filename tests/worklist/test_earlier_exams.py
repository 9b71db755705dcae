"""Earlier exams are imported to be found and compared: no work, until somebody wants them to be read."""

from datetime import timedelta

import pytest

from core.access import EVERY_SITE
from core.origin import Origin, OriginKind
from core.uids import new_uid
from storage.query import Query
from tests.fixtures.consultation import XINGLONG, Consultation, at_site, reader
from worklist.arrivals import Arrivals
from worklist.case import Case
from worklist.figures import WorklistFigures, worklist_figures
from worklist.list_counts import CountedList
from worklist.priors import Priors
from worklist.reading_list import ListFilter
from worklist.workitem import ProcedureStepState

LI = reader("李建国")
CLINIC = at_site("clinic")
IMPORTED = Origin(kind=OriginKind.PRIOR, site_id=XINGLONG, source="import")


def earlier(consultation: Consultation, study_instance_uid: str | None = None, **values: str) -> Case:
    return consultation.arrive(study_instance_uid, origin=IMPORTED, **values)


def listed(consultation: Consultation) -> list[str]:
    cases = consultation.reading_list.cases(LI, ListFilter(only_open=True))
    return [case.case_id for case in cases]


@pytest.mark.parametrize("modality", ["US", "ECG"])
def test_an_earlier_exam_is_found_but_is_no_work_and_never_late(
    consultation: Consultation, modality: str
) -> None:
    case = earlier(consultation, Modality=modality, StudyDate="20190301")
    earlier(consultation, case.study_instance_uid, Modality=modality)
    consultation.clock.advance(days=3)
    consultation.timers.run()
    case = consultation.again(case)

    assert case.number_of_instances == 2
    assert case.workitem.procedure_step_state is ProcedureStepState.CANCELED
    assert consultation.kinds(case) == ["instance.stored", "case.opened", "instance.stored"]
    assert listed(consultation) == []
    counts = CountedList(database=consultation.database, clock=consultation.clock).counts(LI)
    assert (counts.open, counts.overdue, counts.new) == (0, 0, 0)
    assert Arrivals(database=consultation.database).newest(at_site("technician")) == []
    with consultation.database.read(within=EVERY_SITE) as connection:
        assert worklist_figures(connection, now=consultation.clock.now()) == WorklistFigures()
    found = consultation.archive.search_studies(Query(), visible_to=EVERY_SITE)
    assert [study.study_instance_uid for study in found] == [case.study_instance_uid]


def test_it_is_a_prior_by_its_own_date_not_by_that_of_its_import(consultation: Consultation) -> None:
    known = consultation.arrive()
    consultation.clock.advance(days=1)
    new = consultation.arrive()
    consultation.clock.advance(days=1)
    of_2019 = earlier(consultation, StudyDate="20190301")
    of_2021 = earlier(consultation, StudyDate="20210301")
    shown = Priors(database=consultation.database).of_case(LI, new.case_id)
    assert [prior.case.case_id for prior in shown] == [known.case_id, of_2021.case_id, of_2019.case_id]


@pytest.mark.parametrize("is_asked_first", [False, True])
def test_it_is_on_the_list_once_somebody_asks_for_it(
    consultation: Consultation, is_asked_first: bool
) -> None:
    study = new_uid()
    question = {"site_id": XINGLONG, "study_instance_uid": study, "clinical_question": "复核"}
    if is_asked_first:
        consultation.ask(CLINIC, **question)
    case = earlier(consultation, study)
    consultation.clock.advance(days=3)
    asked_at = case.first_received_at
    if not is_asked_first:
        assert listed(consultation) == []
        asked_at = consultation.clock.now()
        consultation.ask(CLINIC, **question)
    assert listed(consultation) == [case.case_id]
    assert consultation.again(case).due_at == asked_at + timedelta(minutes=30)
    consultation.timers.run()
    claimed = consultation.reading_list.take_next(LI, ListFilter())
    assert consultation.sign(LI, claimed).document.clinical_question == "复核"


def test_what_a_device_sends_of_it_is_to_be_read(consultation: Consultation) -> None:
    case = earlier(consultation)
    consultation.arrive(case.study_instance_uid)
    assert listed(consultation) == [case.case_id]


def test_what_is_imported_of_a_reported_exam_does_not_bring_it_back(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    earlier(consultation, report.study_instance_uid)
    assert listed(consultation) == []


def test_what_is_imported_of_an_exam_that_waits_leaves_it_waiting(consultation: Consultation) -> None:
    case = consultation.ready()
    earlier(consultation, case.study_instance_uid)
    assert listed(consultation) == [case.case_id]
    assert consultation.again(case).number_of_instances == 2
