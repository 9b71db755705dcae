"""What a monitor is told of the reading list, on both engines."""

from core.access import EVERY_SITE
from storage.figures import storage_figures
from tests.fixtures.consultation import Consultation, reader
from worklist.figures import worklist_figures
from worklist.urgency import Urgency


def test_cases_are_counted_by_urgency_with_the_oldest_that_waits(consultation: Consultation) -> None:
    consultation.ready(study_instance_uid="1.2.840.1", Modality="US")
    consultation.clock.advance(seconds=3600)
    consultation.claimed(reader(), study_instance_uid="1.2.840.2", Modality="US")
    with consultation.database.read(within=EVERY_SITE) as connection:
        found = worklist_figures(connection, now=consultation.clock.now())
        kept = storage_figures(connection)
    assert found.waiting == {Urgency.ROUTINE: 1, Urgency.URGENT: 0, Urgency.EMERGENCY: 0}
    assert found.claimed[Urgency.ROUTINE] == found.overdue[Urgency.ROUTINE] == 1
    assert found.oldest_waiting_seconds >= 3600
    assert (kept.aside_rows, kept.aside_bytes, kept.patient_conflicts, kept.flagged_studies) == (0, 0, 0, 0)
