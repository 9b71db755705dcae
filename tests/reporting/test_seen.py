"""A report lists exactly the instances that its reader saw: images that came since come first."""

import random

import pytest

from core.errors import InvalidRequest, StaleVersion, VersionRequired
from core.origin import Origin, OriginKind
from reporting.desk import Words
from reporting.document import ReportedInstance, ReportStatus
from reporting.seen import instances_seen, require_seen
from tests.fixtures.consultation import XINGLONG, Consultation, reader

LI = reader("李建国")
INSTANCES = [
    ReportedInstance(series_instance_uid=f"1.{series}", sop_class_uid="1.2", sop_instance_uid=f"1.2.{number}")
    for series in range(2)
    for number in range(3)
]


def test_what_was_seen_does_not_depend_on_the_order_and_tells_any_two_sets_apart() -> None:
    shuffled = random.Random(7).sample(INSTANCES, len(INSTANCES))
    assert instances_seen(shuffled) == instances_seen(INSTANCES)
    texts = {instances_seen(INSTANCES[:count]) for count in range(len(INSTANCES) + 1)}
    assert len(texts) == len(INSTANCES) + 1
    require_seen(instances_seen(INSTANCES), tuple(shuffled))


@pytest.mark.parametrize(
    "text", ["", "6", f"x-{0:032}", f"06-{0:032}", f"6-{0:031}", f"٦-{0:032}", f"6-{0:033}"]
)
def test_what_the_hub_never_gave_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        require_seen(text, tuple(INSTANCES))


@pytest.mark.parametrize("status", [ReportStatus.FINAL, ReportStatus.PRELIMINARY])
def test_images_that_came_since_are_looked_at_before_the_report_is_signed(
    consultation: Consultation, status: ReportStatus
) -> None:
    case = consultation.claimed(LI)
    seen = consultation.desk.instances_seen(LI, case.case_id)
    version = consultation.write(LI, case).version
    uid = case.workitem.workitem_uid
    first = consultation.send(case.study_instance_uid)
    # Also before the list has taken it in, and whatever the hub itself publishes is no image to look at.
    consultation.send(case.study_instance_uid)
    hub = Origin(kind=OriginKind.HUB, site_id=XINGLONG, source="a report")
    consultation.send(case.study_instance_uid, origin=hub)
    with pytest.raises(StaleVersion, match=r"\+2 images arrived"):
        consultation.desk.sign(LI, case.case_id, uid, version=version, seen=seen, status=status)
    with pytest.raises(VersionRequired):
        consultation.desk.sign(LI, case.case_id, uid, version=version, seen=None, status=status)
    assert consultation.desk.reports_of_case(LI, case.case_id) == []
    seen = consultation.desk.instances_seen(LI, case.case_id)
    report = consultation.desk.sign(LI, case.case_id, uid, version=version, seen=seen, status=status)
    listed = report.document.instances
    assert len(listed) == 3
    assert first.sop_instance_uid in {instance.sop_instance_uid for instance in listed}
    assert instances_seen(listed) == seen


def test_an_addendum_is_about_what_its_report_was_read_from(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    consultation.arrive(report.study_instance_uid)
    words = Words(findings="", impression="more")
    addendum = consultation.desk.add_addendum(LI, report.report_id, words, reason="r")
    assert addendum.document.instances == report.document.instances
