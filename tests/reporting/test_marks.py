"""What a reader draws: who may, over which version, within which limits, and what is signed with it."""

from dataclasses import replace
from typing import Any

import pytest

from core.access import EVERY_SITE
from core.errors import InvalidRequest, NotFound, StaleVersion, VersionRequired, WorkitemStateConflict
from core.limits import KEY_IMAGES, MARKS
from database.change_feed import changes_of_study
from reporting.canonical import canonical_json
from reporting.desk import Words
from reporting.document import KeyImage
from reporting.marking import Marking
from reporting.marks import POINTS, Mark, MarkKind, MarkValue, require_marks
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, reader
from worklist.case import Case

READER = reader()
LENGTH = Mark(
    mark_id="m1",
    kind=MarkKind.LENGTH,
    sop_instance_uid="1.2.3",
    frame=1,
    points=((1.5, 2.0), (30.0, 40.0)),
    values=(MarkValue(name="length", value=12.5, unit="mm"),),
)
KEY = Mark(
    mark_id="k1",
    kind=MarkKind.KEY_IMAGE,
    sop_instance_uid="1.2.3",
    frame=2,
    text="右肺",
    window_center=40.0,
    window_width=400.0,
)


def many(kind: MarkKind, count: int) -> list[Mark]:
    """Return marks of one kind that differ in name alone."""
    points = ((0.0, 0.0),) * POINTS[kind]
    return [replace(KEY, mark_id=str(number), kind=kind, points=points) for number in range(count)]


@pytest.mark.parametrize(
    "marks", [[], [LENGTH, KEY], many(MarkKind.ARROW, MARKS), many(MarkKind.KEY_IMAGE, KEY_IMAGES)]
)
def test_these_are_marks(marks: list[Mark]) -> None:
    require_marks(marks, ["1.2.3"])
    assert len(marks) <= MARKS


@pytest.mark.parametrize(
    "marks",
    [
        [LENGTH, replace(KEY, mark_id="m1")],
        [replace(LENGTH, mark_id="")],
        [replace(LENGTH, mark_id="<b>")],
        [replace(LENGTH, sop_instance_uid="1.2.4")],
        [replace(LENGTH, frame=0)],
        [replace(LENGTH, points=((1.0, 2.0),))],
        [replace(LENGTH, points=((1.0, 2.0), (1.0, float("nan"))))],
        [replace(LENGTH, points=((1.0, 2.0), (1.0, 100_001.0)))],
        [replace(LENGTH, text="x" * 201)],
        [replace(LENGTH, text="\0")],
        [replace(LENGTH, values=LENGTH.values * 9)],
        [replace(LENGTH, values=(MarkValue(name="length", value=float("inf"), unit="mm"),))],
        [replace(LENGTH, values=(MarkValue(name="length", value=1.0, unit="m" * 21),))],
        [replace(KEY, window_width=None)],
        [replace(KEY, window_width=0.0)],
        many(MarkKind.ARROW, MARKS + 1),
        many(MarkKind.KEY_IMAGE, KEY_IMAGES + 1),
    ],
)
def test_these_are_none(marks: list[Mark]) -> None:
    with pytest.raises(InvalidRequest):
        require_marks(marks, ["1.2.3"])


@pytest.fixture
def marking(consultation: Consultation) -> Marking:
    return Marking(database=consultation.database, clock=consultation.clock)


def save(marking: Marking, case: Case, *marks: Mark, version: int | None, **other: Any) -> int:
    """Save marks as the reader who holds the case."""
    return marking.save(
        other.get("actor", READER),
        other.get("site_id", XINGLONG),
        case.study_instance_uid,
        other.get("workitem_uid", case.workitem.workitem_uid),
        marks,
        version=version,
    )


def test_marks_are_drawn_over_the_version_that_was_seen(consultation: Consultation, marking: Marking) -> None:
    case = consultation.claimed(READER, SOPInstanceUID="1.2.3")
    assert save(marking, case, LENGTH, version=0) == 1
    assert save(marking, case, LENGTH, KEY, version=1) == 2
    for stale in (0, 1, 3):
        with pytest.raises(StaleVersion):
            save(marking, case, version=stale)
    with pytest.raises(VersionRequired):
        save(marking, case, version=None)
    _, version, marks = marking.marks(READER, XINGLONG, case.study_instance_uid)
    assert (version, marks) == (2, (LENGTH, KEY))
    assert consultation.kinds(case).count("marks.saved") == 2


def test_only_who_holds_the_case_draws(consultation: Consultation, marking: Marking) -> None:
    case = consultation.claimed(READER, SOPInstanceUID="1.2.3")
    with pytest.raises(WorkitemStateConflict):
        save(marking, case, LENGTH, version=0, actor=reader("a colleague"))
    with pytest.raises(WorkitemStateConflict):
        save(marking, case, LENGTH, version=0, workitem_uid="1.2")
    for elsewhere in ({"actor": reader("other", (QINGSHAN, None))}, {"site_id": QINGSHAN}):
        with pytest.raises(NotFound):
            save(marking, case, LENGTH, version=0, **elsewhere)
    consultation.sign(READER, case)
    with pytest.raises(WorkitemStateConflict):
        save(marking, case, LENGTH, version=0)


def test_what_was_drawn_is_signed_and_stays(consultation: Consultation, marking: Marking) -> None:
    case = consultation.claimed(READER, SOPInstanceUID="1.2.3")
    save(marking, case, LENGTH, KEY, version=0)
    report = consultation.sign(READER, case)
    assert marking.signed(READER, report) == {case.study_instance_uid: (LENGTH, KEY)}
    [shown] = report.document.key_images
    assert isinstance(shown, KeyImage)
    assert (shown.sop_instance_uid, shown.frame, shown.caption, shown.window_width) == (
        "1.2.3",
        2,
        "右肺",
        400,
    )
    assert report.document.marks_digest
    words = Words(findings="", impression="more")
    addendum = consultation.desk.add_addendum(READER, report.report_id, words, reason="asked")
    assert marking.signed(READER, addendum) == marking.signed(READER, report)
    assert addendum.document.key_images == report.document.key_images


def test_a_report_without_marks_says_nothing_of_them(consultation: Consultation) -> None:
    report = consultation.signed(READER)
    assert "key_images" not in canonical_json(report.document)
    with consultation.database.read(within=EVERY_SITE) as connection:
        assert changes_of_study(connection, XINGLONG, report.study_instance_uid)
