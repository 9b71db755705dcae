"""What a monitor is told: figures, and nothing that names anybody."""

from core.access import EVERY_SITE
from database.tallies import IMPORTED, add_to_tally
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import reader
from tests.fixtures.doors import BOUNDARY, STOW_TYPE, part10
from tests.fixtures.instances import data_set, encoded
from tests.viewer_api.conftest import LOOPBACK, Edge
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings


def test_the_figures_name_routes_by_their_template_and_nobody_at_all(edge: Edge) -> None:
    edge.consultation.send("1.2.840.7", PatientName="Canary^Bird", PatientID="CANARY-1")
    edge.consultation.take_in()
    client = edge.client("admin")
    client.get("/api/v1/cases/CANARYCANARYCANARYCANARY01")
    client.get("/dicom-web/studies/1.2.840.7?PatientName=Canary*")
    client.get("/canary/CANARY")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    text = answer.text
    assert 'route="/dicom-web/studies/{study}"' in text
    assert 'hub_feed_lag{follower="' in text
    assert "hub_audit_unchained " in text
    assert "canary" not in text.lower()
    assert "1.2.840.7" not in text
    assert '="admin' not in text


def told(edge: Edge) -> dict[str, float]:
    """Return the figures as a monitor reads them."""
    lines = edge.client("admin").get("/metrics").text.splitlines()
    return {
        name: float(number) for name, _, number in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def test_cases_are_counted_as_they_arrive_fall_due_and_are_claimed(edge: Edge) -> None:
    waiting, claimed, overdue = (
        f'hub_cases_{what}{{urgency="routine"}}' for what in ("waiting", "claimed", "overdue")
    )
    before = told(edge)
    assert [before[each] for each in (waiting, claimed, overdue)] == [0, 0, 0]
    assert before['hub_cases_waiting{urgency="emergency"}'] == 0
    assert before["hub_cases_oldest_waiting_seconds"] == 0
    edge.consultation.ready(study_instance_uid="1.2.840.1", Modality="US")
    edge.consultation.clock.advance(seconds=3600)
    edge.consultation.claimed(reader(), study_instance_uid="1.2.840.2", Modality="US")
    after = told(edge)
    assert [after[each] for each in (waiting, claimed, overdue)] == [1, 1, 1]
    assert after["hub_cases_oldest_waiting_seconds"] >= 3600


def test_what_lies_aside_and_disagrees_is_counted(edge: Edge) -> None:
    assert told(edge)["hub_kept_aside_rows"] == 0
    first = edge.consultation.send("1.2.840.9", PatientID="P-1")
    edge.consultation.send("1.2.840.9", SOPInstanceUID=first.sop_instance_uid, PatientID="P-2")
    found = told(edge)
    assert found["hub_kept_aside_rows"] == found["hub_kept_aside_undecided"] == 1
    assert found["hub_kept_aside_bytes"] > 100
    edge.consultation.send("1.2.840.9", PatientID="P-3", PatientName="Other^Person")
    assert told(edge)["hub_patient_conflicts"] == found["hub_patient_conflicts"] + 1


def test_the_disks_and_the_build_are_told(edge: Edge) -> None:
    found = told(edge)
    assert all(found[f'hub_disk_free_bytes{{disk="{disk}"}}'] > 0 for disk in ("blobs", "incoming"))
    assert found[f'hub_build{{schema="",version="{edge.app.version}"}}'] == 1


def test_what_came_of_each_part_of_a_request_is_counted(edge: Edge) -> None:
    outcomes = ("stored", "already-held", "C000", "A900")
    names = [f'hub_stow_instances_total{{outcome="{outcome}"}}' for outcome in outcomes]
    before = told(edge)
    canary = encoded(data_set(StudyInstanceUID="1.2.840.7", PatientName="Canary^Bird"))
    another_study = encoded(data_set())
    sent = (canary, canary, b"rubbish", another_study)
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(head + part10(each) + b"\r\n" for each in sent) + f"--{BOUNDARY}--\r\n".encode()
    path = "/dicom-web/studies/1.2.840.7"
    answer = edge.client("technician").post(path, content=body, headers={"Content-Type": STOW_TYPE})
    assert answer.status_code == 202
    now = told(edge)
    assert [now[name] - before.get(name, 0) for name in names] == [1, 1, 1, 1]
    assert "Canary" not in edge.client("admin").get("/metrics").text


def test_what_was_imported_is_counted_over_all_commands(edge: Edge) -> None:
    for counted in ({"stored": 2, "failed": 1}, {"stored": 3}):
        with edge.rooms.database.write(within=EVERY_SITE) as connection:
            add_to_tally(connection, IMPORTED, counted)
    found = told(edge)
    assert found['hub_imported_files{outcome="stored"}'] == 5
    assert found['hub_imported_files{outcome="failed"}'] == 1


def test_the_neighbours_figures_follow_on_those_of_this_process(edge: Edge) -> None:
    settings = HttpSettings(figures_of_neighbours=lambda: b"hub_worker_runs 3.0\n")
    app = create_app(edge.rooms, settings)
    client = AppClient(app, "http://127.0.0.1", client=LOOPBACK, headers=edge.headers("admin"))
    lines = client.get("/metrics").text.splitlines()
    assert lines[-1] == "hub_worker_runs 3.0"
    assert any(line.startswith("hub_build") for line in lines)
